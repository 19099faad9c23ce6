// Each response has its trace id: that of the request if it is valid, otherwise a new one.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import type { ApiResponse } from "../client.ts";
import { describeResponse, jsonOf } from "../response-shape.ts";

const look = "a proxy that may remove or change X-Trace-ID";
const idOf = ({ headers }: ApiResponse) => headers.get("x-trace-id") ?? "none";

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
    const generated = [];
    for (let times = 0; times < 2; times++)
      generated.push(idOf(await client.call("/health/live", { headers: { "x-trace-id": "not-one" } })));
    const [one = "", two] = generated;
    must(/^[0-9a-f]{32}$/.test(one) && one !== two, {
      expected: "a new trace id of 32 hex digits for each request with an invalid one",
      received: generated.join(", "),
      look,
    });
    const failure = await client.call("/verify-trace");
    const { error } = jsonOf<{ error: { trace_id: string } }>(failure, { status: 404, look });
    must(error?.trace_id === idOf(failure), {
      expected: `the trace id of the header, ${idOf(failure)}, in the error`,
      received: describeResponse(failure),
      look,
    });
    return "sent, generated, and the same in an error";
  },
});
