// An instance in a process of its own: asks for a shared limit all at once, as often as its parent says.
import { from, openInstance, passed, spend } from "./limits.simulation.ts";

export type Question = { readonly account: string; readonly times: number };
export type Told = { readonly passed: number; readonly lines: readonly object[] };

const limits = openInstance();

process.on("message", async ({ account, times }: Question) => {
  const rulings = await spend(limits, "secret", { asker: from("203.0.113.1", { account }), times });
  process.send?.({ passed: passed(rulings), lines: limits.lines } satisfies Told);
});
process.send?.("running");
