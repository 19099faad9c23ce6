// Command of the workflows: reports whether the commit of this run is still the newest of main, or of its pull request.
// A run can wait for a reviewer or another deployment, and GitHub starts waiting runs in no certain order. Without this
// check an older commit could be deployed after a newer one.
import { appendFile } from "node:fs/promises";
import { readCommandLine } from "../../command-line.ts";
import { type Run, run, runOrThrow } from "../command.ts";
import { messageOf } from "../error-message.ts";

type Ref = { readonly object: { readonly sha: string } };
type Pull = {
  readonly state: string;
  readonly head: { readonly sha: string };
  readonly labels: readonly { readonly name: string }[];
};
type Options = {
  readonly run: Run;
  /** "owner/name" */
  readonly repository: string;
  readonly commit: string;
  /** Number of the pull request; undefined for main. */
  readonly pullRequest?: string | undefined;
};

/**
 * Returns why the commit must not be deployed any more, or undefined.
 * @throws {CommandError} when GitHub cannot be read
 */
export async function reasonToSkip({ run, repository, commit, pullRequest }: Options): Promise<string | undefined> {
  const read = async (path: string) =>
    JSON.parse(await runOrThrow(run, ["gh", ["api", `repos/${repository}/${path}`]]));
  if (pullRequest === undefined) {
    const { object } = (await read("git/ref/heads/main")) as Ref;
    return object.sha === commit ? undefined : `main is at ${object.sha}, whose own run deploys it.`;
  }
  const { state, head, labels } = (await read(`pulls/${pullRequest}`)) as Pull;
  if (state !== "open") return `pull request ${pullRequest} is ${state}.`;
  if (!labels.some(({ name }) => name === "preview")) return `pull request ${pullRequest} has no label preview.`;
  return head.sha === commit ? undefined : `pull request ${pullRequest} is at ${head.sha}, whose own run deploys it.`;
}

if (import.meta.main) {
  readCommandLine({
    name: "node scripts/deploy/pipeline/newest-commit.ts",
    about: "Reports to the workflow whether the commit of this run is still the newest.",
  });
  const { COMMIT, GITHUB_SHA, GITHUB_REPOSITORY = "", PULL_REQUEST, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY } = process.env;
  const commit = COMMIT || GITHUB_SHA || "";
  try {
    const reason = await reasonToSkip({ run, repository: GITHUB_REPOSITORY, commit, pullRequest: PULL_REQUEST });
    if (GITHUB_OUTPUT) await appendFile(GITHUB_OUTPUT, `newest=${reason === undefined}\n`);
    const text = reason === undefined ? `${commit} is the newest commit.` : `${commit} is not deployed: ${reason}`;
    process.stdout.write(`${text}\n`);
    if (reason !== undefined && GITHUB_STEP_SUMMARY) await appendFile(GITHUB_STEP_SUMMARY, `${text}\n`);
  } catch (error) {
    process.stderr.write(`newest-commit: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
