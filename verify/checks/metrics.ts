// The numbers at /metrics are shown to nobody in production, unless that is wanted.
import { shown } from "../answer-shape.ts";
import { check, must } from "../check.ts";

export const metrics = check({
  name: "metrics",
  needs: ["production"],
  async run({ client }, given) {
    const wanted = given["with-metrics"] === true;
    const answer = await client.call("/metrics");
    must(answer.status === (wanted ? 200 : 404), {
      expected: `${wanted ? "200" : "404"} of ${answer.what}, ${wanted ? "with" : "without"} --with-metrics`,
      received: shown(answer),
      look: "the setting METRICS_ENABLED",
    });
    return wanted ? "shown, as wanted" : "not shown";
  },
});
