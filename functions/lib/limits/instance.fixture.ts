// An instance in a process of its own: consumes a shared limit as often as its parent requests, all at once.
import { consumeTimes, countAccepted, openInstance, subjectOf } from "./limits.fixture.ts";

export type InstanceRequest = { readonly account: string; readonly times: number };
export type InstanceReport = { readonly accepted: number; readonly lines: readonly object[] };

const limits = openInstance();

process.on("message", async ({ account, times }: InstanceRequest) => {
  const results = await consumeTimes(limits, "secret", { subject: subjectOf("203.0.113.1", { account }), times });
  process.send?.({ accepted: countAccepted(results), lines: limits.lines } satisfies InstanceReport);
});
process.send?.("running");
