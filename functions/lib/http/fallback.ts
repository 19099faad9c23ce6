// Every path and method that no other route takes: 404 or 405 in the one error shape.
import { z } from "zod";
import { AppError } from "../errors.ts";
import { operation } from "./operation.ts";
import type { Api } from "./route-table.ts";

export const fallback = operation({
  tag: "Service",
  summary: "Nothing is here",
  params: z.object({ path: z.string().optional() }),
  responses: {},
  errors: ["NOT_FOUND", "METHOD_NOT_ALLOWED"],
  example: {},
  handler: async ({ method, url }, { api: { methodsAt, prefix } }: { api: Api }) => {
    const { pathname } = new URL(url);
    const allowed = methodsAt(pathname.slice(prefix.length));
    // A URL takes \\ for a slash, the host does not: where the method seems to be taken, no route saw it.
    if (allowed.length === 0 || allowed.some((each) => each === method)) {
      const documented = methodsAt("/openapi.json").length > 0;
      const hint = documented ? `GET ${prefix}/openapi.json lists what there is` : "check its spelling";
      throw new AppError("NOT_FOUND", `Nothing is at ${pathname.slice(0, 200)}: ${hint}.`);
    }
    const Allow = allowed.join(", ");
    throw new AppError("METHOD_NOT_ALLOWED", `${pathname.slice(0, 200)} does not take ${method}, only ${Allow}.`, {
      headers: { Allow },
    });
  },
});
