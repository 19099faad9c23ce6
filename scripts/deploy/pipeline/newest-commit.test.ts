// Only the newest commit of main, or of a pull request, may be deployed.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../command.ts";
import { installStandIn } from "../stand-in.fixture.ts";
import { reasonToSkip } from "./newest-commit.ts";

const program = join(import.meta.dirname, "newest-commit.ts");
const COMMIT = "c".repeat(40);
const NEWER = "d".repeat(40);
const ref = (sha: string) => ({ ref: "refs/heads/main", object: { type: "commit", sha } });

it.each([
  ["the head", {}, undefined],
  ["an older commit", { head: { sha: NEWER } }, `pull request 7 is at ${NEWER}, whose own run deploys it.`],
  ["a commit of a closed pull request", { state: "closed" }, "pull request 7 is closed."],
  ["a commit without the label", { labels: [{ name: "bug" }] }, "pull request 7 has no label preview."],
])("reasonToSkip judges %s of a pull request", async (_, changes, reason) => {
  const pull = { state: "open", head: { sha: COMMIT }, labels: [{ name: "preview" }], ...changes };
  const gh = async (program: string, args: readonly string[]) => {
    expect([program, ...args]).toEqual(["gh", "api", "repos/ada/site/pulls/7"]);
    return { code: 0, stdout: JSON.stringify(pull), stderr: "" };
  };
  expect(await reasonToSkip({ run: gh, repository: "ada/site", commit: COMMIT, pullRequest: "7" })).toBe(reason);
});

/** Runs the command with GitHub's response. `output` is what the workflow can read. */
async function newestCommit(response: unknown, more: Record<string, string> = {}) {
  await using gh = await installStandIn("gh", "gh.ts");
  const file = (name: string) => join(gh.folder, name);
  for (const name of ["calls", "output", "summary"]) await writeFile(file(name), "");
  const files = { GH_CALLS: file("calls"), GITHUB_OUTPUT: file("output"), GITHUB_STEP_SUMMARY: file("summary") };
  const github = { GITHUB_REPOSITORY: "ada/site", GITHUB_SHA: COMMIT, GH_OUTPUT: JSON.stringify(response) };
  const { code } = await run(process.execPath, [program], { env: { PATH: gh.PATH, ...files, ...github, ...more } });
  const [calls, output, summary] = await Promise.all(Object.values(files).map((path) => readFile(path, "utf8")));
  return { code, calls, output, summary };
}

it("newest-commit reports the head of main to the workflow", async () => {
  const { calls, ...rest } = await newestCommit(ref(COMMIT));
  expect(rest).toEqual({ code: 0, output: "newest=true\n", summary: "" });
  expect(JSON.parse(calls as string).args).toBe("api repos/ada/site/git/ref/heads/main");
});

it("newest-commit reports a commit that main has passed, and the summary names the newer one", async () => {
  expect(await newestCommit(ref(NEWER))).toMatchObject({
    code: 0,
    output: "newest=false\n",
    summary: `${COMMIT} is not deployed: main is at ${NEWER}, whose own run deploys it.\n`,
  });
});

it("newest-commit compares the head of a pull request, not the merge commit of its run", async () => {
  const pull = { state: "open", head: { sha: NEWER }, labels: [{ name: "preview" }] };
  const { output } = await newestCommit(pull, { PULL_REQUEST: "7", COMMIT: NEWER });
  expect(output).toBe("newest=true\n");
});

it("newest-commit fails when GitHub cannot be read", async () => {
  const { code, output } = await newestCommit(ref(COMMIT), { PATH: "/nowhere" });
  expect({ code, output }).toEqual({ code: 1, output: "" });
});
