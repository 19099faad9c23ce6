// Which previews a sweep removes and keeps, and how it handles one that cannot be removed.
import { afterEach, expect, it, vi } from "vitest";
import { createAz, type Run } from "../command.ts";
import { InterruptedError } from "../interrupted-by-signals.ts";
import { createBlobLeases, leaseContext } from "../lock/blob-leases.fixture.ts";
import { sweepPreviews } from "./sweep-previews.ts";

type Pull = { state: string; labels: { name: string }[] };
const labelled = [{ name: "bug" }, { name: "preview" }];

const environment = {
  ARM_SUBSCRIPTION_ID: "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11",
  AZURE_CLIENT_ID: "99999999-8888-4777-8666-555555555555",
  DEPLOYER_OBJECT_ID: "11111111-2222-4333-8444-555555555555",
  STATE_ACCOUNT: "vitaestate1",
  GITHUB_SHA: "c".repeat(40),
  GITHUB_RUN_ID: "7",
};

afterEach(() => vi.useRealTimers());

/** The container of the previews' states, and a repository. Commands that contain `fails` fail, or `atDestroy` decides. */
function fakeRepository(
  pulls: Record<string, Pull>,
  blobs: string[],
  fails = "nothing",
  atDestroy: () => unknown = () => undefined,
) {
  const leases = createBlobLeases(Date.now);
  const folder = "vitaestate1/preview/";
  for (const name of blobs) leases.blobs.set(`${folder}${name}`, { metadata: {} });
  const sides = leaseContext(leases);
  const destroyed: string[] = [];
  const deleted: string[] = [];
  let stage = "";
  const run: Run = async (command, args, options) => {
    const line = [command, ...args].join(" ");
    const done = (stdout = "") => ({ code: 0, stdout, stderr: "" });
    if (line.includes(fails)) return { code: 1, stdout: "", stderr: "Failed." };
    const pull = pulls[args[2] ?? ""];
    if (command === "gh" && !pull)
      return {
        code: 1,
        stdout: "",
        stderr: `GraphQL: Could not resolve to a PullRequest with the number of ${args[2]}.`,
      };
    if (command === "gh") return done(JSON.stringify(pull));
    if (args.includes("blob")) return sides.context.run(command, args, options);
    // Contributor of one group: az may not look the version up.
    if (args.includes("resource") && !args.includes("--api-version")) return { code: 1, stdout: "", stderr: "Denied." };
    if (args.includes("resource")) deleted.push(args[args.indexOf("--ids") + 1]?.split("/").at(-1) ?? "");
    const to = args.indexOf("--stage");
    if (to > 0) stage = args[to + 1] ?? "";
    if (args.includes("destroy")) atDestroy();
    if (args.includes("destroy")) destroyed.push(`${stage} ${args[0]?.split("/").at(-1)}`);
    return done();
  };
  const context = { ...sides.context, run, az: createAz(run) };
  const kept = () => [...leases.blobs.keys()].map((path) => path.slice(folder.length));
  return { leases, kept, destroyed, deleted, lines: sides.lines, sweep: () => sweepPreviews(context, environment) };
}
const statesOf = (number: number) => [`preview-${number}/platform.tfstate`, `preview-${number}/events.tfstate`];

it("sweepPreviews removes previews of closed and unlabelled pull requests, events stack first, and no others", async () => {
  const pulls = {
    1: { state: "OPEN", labels: labelled },
    2: { state: "CLOSED", labels: labelled },
    3: { state: "MERGED", labels: labelled },
    4: { state: "OPEN", labels: [{ name: "bug" }] },
  };
  const all = [1, 2, 3, 4].flatMap(statesOf);
  const { kept, destroyed, deleted, sweep } = fakeRepository(pulls, [...all, "preview-5/deployment.lock", "else"]);
  await sweep();
  expect(destroyed).toEqual([2, 3, 4].flatMap((n) => [`preview-${n} events`, `preview-${n} platform`]));
  expect(kept()).toEqual([...statesOf(1), "preview-5/deployment.lock", "else"]);
  expect(deleted).toEqual([2, 3, 4].map((n) => expect.stringMatching(`^Failure Anomalies - vitae-preview-${n}-`)));
});

it.each(["terraform -chdir", "gh pr view 2", "lease acquire"])(
  "sweepPreviews keeps the state of a preview that it cannot remove (%s), continues, and fails",
  async (fails) => {
    const closed = { state: "CLOSED", labels: [] };
    const { kept, lines, sweep } = fakeRepository({ 2: closed, 3: closed }, [...statesOf(2), ...statesOf(3)], fails);
    await expect(sweep()).rejects.toThrow(/Not removed: preview-2/);
    expect(kept()).toEqual(expect.arrayContaining(statesOf(2)));
    expect(lines.filter((line) => line.startsWith("preview-3"))).toHaveLength(1);
  },
);

it("sweepPreviews removes a preview whose generated alert rule cannot be deleted", async () => {
  const { kept, lines, sweep } = fakeRepository({ 2: { state: "CLOSED", labels: [] } }, statesOf(2), "az resource");
  await sweep();
  expect(kept()).toEqual([]);
  expect(lines.join("\n")).toMatch(/warning: .*Failure Anomalies/);
});

it("sweepPreviews deletes the lock of a removed preview, but not from a deployment that has just taken it", async () => {
  const { leases, kept, sweep } = fakeRepository({ 2: { state: "CLOSED", labels: [] } }, statesOf(2), "az resource");
  const { az } = leases;
  leases.az = (args) => {
    const result = az(args);
    const [blob] = leases.blobs.values();
    if (args.includes("release") && blob) blob.lease = { id: "next", seconds: 60, expiresAt: Date.now() + 60_000 };
    return result;
  };
  await sweep();
  expect(kept()).toEqual(["preview-2/deployment.lock"]);
});

it("sweepPreviews reports that there are no previews", async () => {
  const { destroyed, lines, sweep } = fakeRepository({}, []);
  await sweep();
  expect([destroyed, lines]).toEqual([[], ["There are no previews."]]);
});

it("sweepPreviews begins no removal that the job's limit could end, and succeeds", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const closed = { state: "CLOSED", labels: [] };
  const all = [2, 3, 4].flatMap(statesOf);
  const { destroyed, lines, sweep } = fakeRepository({ 2: closed, 3: closed, 4: closed }, all, undefined, () =>
    vi.setSystemTime(Date.now() + 25 * 60_000),
  );
  await sweep();
  expect(destroyed.map((line) => line.split(" ")[0])).toEqual(["preview-2", "preview-2", "preview-3", "preview-3"]);
  expect(lines).toContainEqual("preview-4: left to the next sweep, as this one has run for 80 minutes.");
});

it("sweepPreviews names the command that removes a preview without a pull request", async () => {
  const { lines, sweep } = fakeRepository({}, statesOf(500));
  await expect(sweep()).rejects.toThrow("Not removed: preview-500");
  expect(lines.join("\n")).toContain("npm run destroy -- --stage preview-500");
});

it("sweepPreviews begins no other removal after a signal", async () => {
  const closed = { state: "CLOSED", labels: [] };
  const { kept, destroyed, sweep } = fakeRepository(
    { 2: closed, 3: closed },
    [2, 3].flatMap(statesOf),
    undefined,
    () => {
      throw new InterruptedError("Interrupted by SIGINT.");
    },
  );
  await expect(sweep()).rejects.toThrow("Interrupted by SIGINT.");
  expect(destroyed).toEqual([]);
  expect(kept()).toEqual(expect.arrayContaining([2, 3].flatMap(statesOf)));
});
