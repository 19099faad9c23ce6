// It answers, and says which version runs: the one that was deployed, if that is known.

import { check, must } from "../check.ts";
import { describeResponse, jsonOf } from "../response-shape.ts";

export const health = check({
  name: "health",
  needs: [],
  async run({ client }, { commit: wanted }) {
    const answer = await client.call("/health");
    const look = "whether the deployment went through, and the app's log";
    const { name, version, commit } = jsonOf<Record<string, string>>(answer, { status: 200, look });
    must(Boolean(name && version && commit), {
      expected: "name, version and commit from GET /health",
      received: describeResponse(answer),
      look,
    });
    must(wanted === undefined || commit?.startsWith(wanted) === true, {
      expected: `the commit ${wanted}`,
      received: `${commit}`,
      look: "whether the package was deployed, and whether an instance of the release before still runs",
    });
    return `${name} ${version}, commit ${commit}`;
  },
});
