// The composition root: settings -> deps -> register every route and trigger. The only module with import side effects.
import { app, type InvocationContext } from "@azure/functions";
import { createDeps } from "./deps.ts";
import { endpoint } from "./lib/http/endpoint.ts";
import { watchInvocations } from "./lib/http/library.ts";
import { describeApi } from "./lib/http/route-table.ts";
import { traceOf } from "./lib/http/trace.ts";
import { setLogLevel } from "./lib/log.ts";
import { MEDIA, ROUTE_PREFIX } from "./lib/names.ts";
import { runInContext } from "./lib/request-context.ts";
import { readSettings } from "./lib/settings.ts";
import { routesOf } from "./routes.ts";
import { triggers } from "./triggers.ts";

// Streams bodies in both directions, instead of buffering them in the host and the worker.
app.setup({ enableHttpStream: true });

const settings = readSettings();
setLogLevel(settings.LOG_LEVEL);
const routes = routesOf(settings);
const deps = Object.assign(createDeps(settings), { api: describeApi(routes, ROUTE_PREFIX) });

for (const route of routes)
  app.http(route.name, {
    methods: [...route.methods],
    route: route.path.slice(1),
    authLevel: "anonymous",
    handler: endpoint(route, deps),
  });

watchInvocations(deps.receivedRequests);
app.hook.postInvocation(() => deps.telemetry.start());
// Not called when the platform kills the instance: then at most the last minute of degraded visits is lost.
app.hook.appTerminate(() => deps.close());

const contextOf = ({ functionName, invocationId, traceContext }: InvocationContext) => ({
  ...traceOf(new Headers(), traceContext?.traceParent),
  function: functionName,
  invocationId,
});

for (const { name, handler: handle, ...trigger } of triggers) {
  const handler: Parameters<typeof app.timer>[1]["handler"] = (input: unknown, context) =>
    runInContext(contextOf(context), () => handle(input, context, deps));
  // Flex Consumption supports only Event Grid as the source of blob events.
  if (trigger.kind === "blob")
    app.storageBlob(name, { path: trigger.path, connection: MEDIA, source: "EventGrid", handler });
  else if (trigger.kind === "queue")
    app.storageQueue(name, { queueName: trigger.queueName, connection: MEDIA, handler });
  else app.timer(name, { schedule: trigger.schedule, handler });
}
