// Asks a question on the terminal.
import { createInterface } from "node:readline/promises";

/** @returns the line that the person types */
export type Ask = (question: string) => Promise<string>;

/**
 * On standard error, so that the question can be seen when the output goes to a file.
 * @throws {Error} after Ctrl-C or Ctrl-D
 */
export const askAtTerminal: Ask = async (question) => {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } catch (cause) {
    throw new Error("stopped, and nothing was changed.", { cause });
  } finally {
    terminal.close();
  }
};
