// The comment on a pull request about its preview. Pure.
import { stripVTControlCharacters } from "node:util";

export type PreviewResult = {
  /** The output of verify; undefined when the deployment failed before it. */
  readonly checks: string | undefined;
  readonly passed: boolean;
  readonly commit: string;
  /** Address of the run's log. */
  readonly run: string;
};

/** Characters of verify's output that are shown. GitHub permits 65,536 in a comment. */
const MAX_SHOWN = 20_000;

export function commentOf({ checks, passed, commit, run }: PreviewResult): string {
  const title = passed ? "The preview is deployed, and its checks pass" : "The preview failed";
  const text = checks?.trim();
  // Without terminal colours, and without a fence inside the fence.
  const plain = text && stripVTControlCharacters(text).replaceAll("```", "'''");
  return [
    `**${title}**: ${commit.slice(0, 7)}, [log](${run})`,
    "",
    ...(plain
      ? ["```", plain.slice(0, MAX_SHOWN), "```"]
      : ["The deployment failed before its checks; see the log for the reason."]),
    "",
    "The preview is removed when this pull request is closed or loses its label.",
    "",
  ].join("\n");
}
