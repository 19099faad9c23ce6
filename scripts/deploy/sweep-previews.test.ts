// Which previews a sweep removes and keeps, and how it handles one that cannot be removed.
import { expect, it } from "vitest";
import { createAz, type Run } from "./command.ts";
import { createStage } from "./simulated-stage.fixture.ts";
import { sweepPreviews } from "./sweep-previews.ts";

type Pull = { state: string; labels: { name: string }[] };
const labelled = [{ name: "bug" }, { name: "preview" }];

function fakeRepository(pulls: Record<string, Pull>, blobs: string[], fails = "nothing") {
  const kept = new Set(blobs);
  const destroyed: string[] = [];
  let stage = "";
  const lines: string[] = [];
  const run: Run = async (command, args) => {
    const line = [command, ...args].join(" ");
    const done = (stdout = "") => ({ code: 0, stdout, stderr: "" });
    if (line.includes(fails)) return { code: 1, stdout: "", stderr: "Failed." };
    if (command === "gh") return done(JSON.stringify(pulls[args[2] ?? ""] ?? {}));
    if (command === "az" && args.includes("list")) return done(JSON.stringify([...kept].map((name) => ({ name }))));
    if (command === "az") kept.delete(args[args.indexOf("--name") + 1] ?? "");
    const to = args.indexOf("--stage");
    if (to > 0) stage = args[to + 1] ?? "";
    if (args.includes("destroy")) destroyed.push(`${stage} ${args[0]?.split("/").at(-1)}`);
    return done();
  };
  const context = { ...createStage().context, run, az: createAz(run), log: (line: string) => lines.push(line) };
  return { kept, destroyed, lines, sweep: () => sweepPreviews(context, "vitaestate1") };
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
  const { kept, destroyed, sweep } = fakeRepository(pulls, [...all, "production/platform.tfstate", "else"]);
  await sweep();
  expect(destroyed).toEqual([2, 3, 4].flatMap((n) => [`preview-${n} events`, `preview-${n} platform`]));
  expect([...kept]).toEqual([...statesOf(1), "production/platform.tfstate", "else"]);
});

it.each(["terraform -chdir", "gh pr view 2"])(
  "sweepPreviews keeps the state of a preview that it cannot remove (%s), continues, and fails",
  async (fails) => {
    const closed = { state: "CLOSED", labels: [] };
    const { kept, lines, sweep } = fakeRepository({ 2: closed, 3: closed }, [...statesOf(2), ...statesOf(3)], fails);
    await expect(sweep()).rejects.toThrow(/Not removed: preview-2/);
    expect([...kept]).toEqual(expect.arrayContaining(statesOf(2)));
    expect(lines.filter((line) => line.startsWith("preview-3"))).toHaveLength(1);
  },
);

it("sweepPreviews reports that there are no previews", async () => {
  const { destroyed, lines, sweep } = fakeRepository({}, []);
  await sweep();
  expect([destroyed, lines]).toEqual([[], ["There are no previews."]]);
});
