// The programming model of @azure/functions: the only way to see an invocation before the library reads its request, and
// to remove what it keeps of one that failed (docs/decisions/023).
// Source: azure-functions-nodejs-library, InvocationModel.ts and http/httpProxy.ts.
import { request } from "node:http";
import { createRequire } from "node:module";
import type { ReceivedRequests } from "./received-requests.ts";

type InvocationContext = {
  readonly invocationId: string;
  readonly metadata: {
    readonly name: string;
    readonly bindings: Readonly<Record<string, { readonly type: string; readonly direction: string }>>;
  };
};
type Invocation = {
  getArguments(): Promise<unknown>;
  getResponse(context: object, result: object): Promise<unknown>;
};
/** What this module needs of azure-functions-nodejs-worker, types-core. */
type ProgrammingModel = {
  getInvocationModel(context: object): Invocation | Promise<Invocation>;
  getCapabilities(capabilities: object): Promise<{ readonly HttpUri?: string }>;
};

/** @throws {Error} outside a functions host, which provides this module */
function programmingModel(): ProgrammingModel {
  const core = createRequire(import.meta.url)("@azure/functions-core") as { getProgrammingModel(): ProgrammingModel };
  return core.getProgrammingModel();
}

/** Sends a response as the library does after a function: it also removes the response from the library's table. */
export async function sendThroughLibrary(invocationId: string, init: object): Promise<void> {
  const bindings = { request: { type: "httpTrigger", direction: "in" }, $return: { type: "http", direction: "out" } };
  const context = { invocationId, metadata: { name: "unclaimed", bindings }, request: {}, log() {} };
  const invocation = await programmingModel().getInvocationModel(context);
  await invocation.getResponse({ invocationId }, init);
}

/** Milliseconds. Like received-requests.ts this counts ticks, since a request may arrive while the process is blocked. */
const TICK_MS = 500;
/** Ten seconds. */
const NOT_FORWARDED_TICKS = 20;

/**
 * Reports an invocation whose arguments the library cannot create. If the library gets no request for an invocation, the
 * invocation would wait until `functionTimeout` and then end the whole process. It gets an empty request instead, which
 * the library rejects. The reasons: the host could not forward the request, or Node.js rejected its Expect header.
 * @throws {Error} outside a functions host
 */
export function watchInvocations(received: ReceivedRequests, { tickMs = TICK_MS } = {}): void {
  const model = programmingModel();
  const createInvocation = model.getInvocationModel.bind(model);
  const readCapabilities = model.getCapabilities.bind(model);
  let server: string | undefined;

  function sendEmptyRequest(invocationId: string): void {
    if (server === undefined) return;
    request(server, { headers: { "x-ms-invocation-id": invocationId }, agent: false })
      .on("response", (response) => response.resume())
      .on("error", () => {})
      .end();
  }

  model.getCapabilities = async (capabilities) => {
    const found = await readCapabilities(capabilities);
    server = found.HttpUri;
    return found;
  };
  model.getInvocationModel = async (context: InvocationContext) => {
    const { invocationId, metadata } = context;
    const invocation = await createInvocation(context);
    if (!Object.values(metadata.bindings).some(({ type }) => type.toLowerCase() === "httptrigger")) return invocation;
    const getArguments = invocation.getArguments.bind(invocation);
    invocation.getArguments = async () => {
      let ticks = 0;
      const timer = setInterval(() => {
        ticks += 1;
        if (ticks === NOT_FORWARDED_TICKS) sendEmptyRequest(invocationId);
      }, tickMs).unref();
      try {
        return await getArguments();
      } catch (error) {
        received.fail(invocationId);
        // The host logs what is thrown, and the library's own message can quote the URL or a header.
        const { name, code = "" } = error as { name?: string; code?: string };
        throw new Error(`The library could not read the request (${name} ${code}): its client gets 400.`);
      } finally {
        clearInterval(timer);
      }
    };
    return invocation;
  };
}
