// The message of anything that was thrown. Pure.

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** For Slack and GitHub's annotations, which show one line. */
export const firstLine = (error: unknown): string => messageOf(error).split("\n")[0] ?? "";
