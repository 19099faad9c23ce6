// A process that dies at one of its calls of a store: before the call, or after the store has applied it.

export type Death = "before" | "after";

/** @returns a function that wraps the calls of the process; they count together, from 1 */
export function dieAt(callToDieAt: number, when: Death) {
  let calls = 0;
  return <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      calls += 1;
      if (calls > callToDieAt || (calls === callToDieAt && when === "before")) throw new Error("the process has died");
      const result = await call(...args);
      if (calls === callToDieAt) throw new Error("the process has died");
      return result;
    };
}
