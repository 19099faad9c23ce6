// The numbers at /metrics are shown to nobody in production, unless that is wanted.

import { check, must } from "../check.ts";
import { describeResponse } from "../response-shape.ts";

export const metrics = check({
  name: "metrics",
  needs: ["production"],
  async run({ client }, given) {
    const wanted = given["with-metrics"] === true;
    const answer = await client.call("/metrics");
    must(answer.status === (wanted ? 200 : 404), {
      expected: `${wanted ? "200" : "404"} of ${answer.what}, ${wanted ? "with" : "without"} --with-metrics`,
      received: describeResponse(answer),
      look: "the setting METRICS_ENABLED",
    });
    return wanted ? "shown, as wanted" : "not shown";
  },
});
