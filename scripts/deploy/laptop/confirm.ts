// Asks a person to type a word before something is deleted.
import { askAtTerminal } from "../ask.ts";

/** @returns whether to continue */
export type Confirm = (word: string) => Promise<boolean>;

/**
 * @param given the word that a script gave instead
 * @throws {Error} when the word is another one, or when there is no terminal to ask at
 */
export const confirmAtTerminal =
  (given: string | undefined): Confirm =>
  async (word) => {
    if (given === undefined && !process.stdin.isTTY)
      throw new Error(`There is no terminal to ask at. To delete without a question: --confirm ${word}`);
    const answer = given ?? (await askAtTerminal(`Type ${word} to continue: `));
    if (answer.trim() === word) return true;
    throw new Error(`Nothing was deleted: expected "${word}", received "${answer.trim()}".`);
  };
