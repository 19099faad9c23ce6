// The app responds with its version, and runs the expected commit.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import { describeResponse, jsonOf } from "../response-shape.ts";

export const health = check({
  name: "health",
  needs: [],
  async run({ client }, { commit: expected }) {
    const response = await client.call("/health");
    const look = "whether the deployment succeeded, and the app's log";
    const { name, version, commit } = jsonOf<Record<string, string>>(response, { status: 200, look });
    must(Boolean(name && version && commit), {
      expected: "name, version and commit from GET /health",
      received: describeResponse(response),
      look,
    });
    must(expected === undefined || commit?.startsWith(expected) === true, {
      expected: `the commit ${expected}`,
      received: `${commit}`,
      look: "whether the package was deployed, and whether an instance of the previous release still runs",
    });
    return `${name} ${version}, commit ${commit}`;
  },
});
