// The commit that a laptop deploys: what is checked out, without any change.
import { CommandError, type Run, runOrThrow } from "../command.ts";

/** Changes that an error lists. */
const SHOWN = 5;

async function git(run: Run, ...args: string[]): Promise<string> {
  return (await runOrThrow(run, ["git", args])).trimEnd();
}

/**
 * The commit that is checked out: 40 hex digits.
 * @throws {Error} where there is none, as in a folder from a zip
 */
export const readCommit = (run: Run) =>
  git(run, "rev-parse", "--verify", "HEAD").catch((cause) => {
    if (!(cause instanceof CommandError)) throw cause;
    throw new Error(
      "Only a commit is deployed, and this folder has none: make your copy with git, docs/deploy.md, step 1.",
      {
        cause,
      },
    );
  });

/** @throws {Error} naming the files that differ from the commit, or that git does not know */
export async function requireClean(run: Run): Promise<void> {
  const changes = (await git(run, "status", "--porcelain", "--untracked-files=all")).split("\n").filter(Boolean);
  if (changes.length === 0) return;
  const rest = changes.length > SHOWN ? [`  and ${changes.length - SHOWN} more`] : [];
  throw new Error(
    [
      `Only a commit is deployed, and ${changes.length} file(s) differ from it or are not in it. Commit or remove them:`,
      ...changes.slice(0, SHOWN).map((line) => `  ${line}`),
      ...rest,
    ].join("\n"),
  );
}

/** Whether a branch of a remote has the commit, as of the last fetch or push. */
export async function isPushed(run: Run, commit: string): Promise<boolean> {
  return (await git(run, "branch", "--remotes", "--contains", commit)) !== "";
}
