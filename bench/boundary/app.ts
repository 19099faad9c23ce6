// An app with the handler of GET /health/live bare, behind the whole boundary, and there with a rate limit besides.
import { app } from "@azure/functions";
import { createDeps } from "../../functions/deps.ts";
import { endpoint } from "../../functions/lib/http/endpoint.ts";
import { describeApi } from "../../functions/lib/http/route-table.ts";
import { ROUTE_PREFIX } from "../../functions/lib/names.ts";
import { readSettings } from "../../functions/lib/settings.ts";
import { routes } from "../../functions/routes.ts";

app.setup({ enableHttpStream: true });

const deps = Object.assign(createDeps(readSettings()), { api: describeApi(routes, ROUTE_PREFIX) });
const live = routes.find(({ name }) => name === "health-live");
if (!live) throw new Error("There is no route health-live");
const { handler } = live.operation;

app.http("bare", {
  methods: ["GET"],
  authLevel: "anonymous",
  handler: async () => ({ jsonBody: (await handler({} as never, deps)).json }),
});
app.http("whole", { methods: ["GET"], authLevel: "anonymous", handler: endpoint(live, deps) });
app.http("limited", {
  methods: ["GET"],
  authLevel: "anonymous",
  handler: endpoint({ ...live, limit: "visits" }, deps),
});
