// The composition root: settings -> deps -> register every route. The only module that does something when imported.
import { app } from "@azure/functions";
import { createDeps } from "./deps.ts";
import { endpoint } from "./lib/http/endpoint.ts";
import { describeApi } from "./lib/http/route-table.ts";
import { ROUTE_PREFIX } from "./lib/names.ts";
import { readSettings } from "./lib/settings.ts";
import { routes } from "./routes.ts";

// Bodies flow through as they come, in both directions, instead of being held in memory by host and worker.
app.setup({ enableHttpStream: true });

const deps = Object.assign(createDeps(readSettings()), { api: describeApi(routes, ROUTE_PREFIX) });

for (const route of routes)
  app.http(route.name, {
    methods: [...route.methods],
    route: route.path.slice(1),
    authLevel: "anonymous",
    handler: endpoint(route, deps),
  });
