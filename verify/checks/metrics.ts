// Production serves /metrics only with --with-metrics.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import { describeResponse } from "../response-shape.ts";

export const metrics = check({
  name: "metrics",
  needs: ["production"],
  async run({ client }, input) {
    const isServed = input["with-metrics"] === true;
    const response = await client.call("/metrics");
    must(response.status === (isServed ? 200 : 404), {
      expected: `${isServed ? "200" : "404"} from ${response.what}, ${isServed ? "with" : "without"} --with-metrics`,
      received: describeResponse(response),
      look: "the setting METRICS_ENABLED",
    });
    return isServed ? "served, as expected" : "not served";
  },
});
