// The comment that a pull request gets about its preview. Pure.
import { stripVTControlCharacters } from "node:util";

export type Preview = {
  /** What verify said, unless the deployment ended before it. */
  readonly checks: string | undefined;
  readonly passed: boolean;
  readonly commit: string;
  /** Address of the run's log. */
  readonly run: string;
};

/** GitHub's limit is 65,536 characters, and nobody reads so many. */
const SHOWN = 20_000;

export function commentOf({ checks, passed, commit, run }: Preview): string {
  const title = passed ? "The preview stands, and its checks pass" : "The preview failed";
  const text = checks?.trim();
  // Colours are for terminals; and nothing in the text may end the fence.
  const plain = text && stripVTControlCharacters(text).replaceAll("```", "'''");
  return [
    `**${title}**: ${commit.slice(0, 7)}, [log](${run})`,
    "",
    ...(plain ? ["```", plain.slice(0, SHOWN), "```"] : ["The deployment ended before its checks; the log says why."]),
    "",
    "It goes when this pull request is closed or loses its label.",
    "",
  ].join("\n");
}
