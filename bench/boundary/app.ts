// An app with the handler of GET /health/live three times: alone, behind the whole boundary, and with a rate limit too.
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

const register = (name: string, handler: Parameters<typeof app.http>[1]["handler"]) =>
  app.http(name, { methods: ["GET"], authLevel: "anonymous", handler });

register("bare", async () => ({ jsonBody: (await handler({} as never, deps)).json }));
register("whole", endpoint(live, deps));
register("limited", endpoint({ ...live, limit: "visits" }, deps));
