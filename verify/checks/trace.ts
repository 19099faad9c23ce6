// Each answer says under which trace id it is logged: the caller's own if it is one, else a new one.

import { check, must } from "../check.ts";
import type { Answer } from "../client.ts";
import { describeResponse, jsonOf } from "../response-shape.ts";

const look = "what stands before the app: does it drop or change X-Trace-ID?";
const idOf = ({ headers }: Answer) => headers.get("x-trace-id") ?? "none";

export const trace = check({
  name: "trace id",
  needs: [],
  async run({ client }) {
    const chosen = await client.call("/health/live");
    must(idOf(chosen) === client.traceId, {
      expected: `the trace id that was sent, ${client.traceId}, in X-Trace-ID`,
      received: idOf(chosen),
      look,
    });
    const given = [];
    for (let times = 0; times < 2; times++)
      given.push(idOf(await client.call("/health/live", { headers: { "x-trace-id": "not-one" } })));
    const [one = "", two] = given;
    must(/^[0-9a-f]{32}$/.test(one) && one !== two, {
      expected: "a new trace id of 32 hex digits for each request that sends none",
      received: given.join(", "),
      look,
    });
    const failure = await client.call("/verify-trace");
    const { error } = jsonOf<{ error: { trace_id: string } }>(failure, { status: 404, look });
    must(error?.trace_id === idOf(failure), {
      expected: `the trace id of the header, ${idOf(failure)}, in the error`,
      received: describeResponse(failure),
      look,
    });
    return "chosen, given, and the same in an error";
  },
});
