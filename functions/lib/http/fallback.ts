// Responds to every path and method without a route: 404 or 405 in the one error shape.
import { z } from "zod";
import { AppError } from "../errors.ts";
import { operation } from "./operation.ts";
import type { Api } from "./route-table.ts";

export const fallback = operation({
  tag: "Service",
  summary: "Any other path or method",
  params: z.object({ path: z.string().optional() }),
  responses: {},
  errors: ["NOT_FOUND", "METHOD_NOT_ALLOWED"],
  example: {},
  handler: async ({ method, url }, { api: { methodsAt, prefix, ruleAt } }: { api: Api }) => {
    const { pathname } = new URL(url);
    const allowed = methodsAt(pathname.slice(prefix.length));
    // URL reads \\ as a slash, the host does not: if the method seems to be allowed, the path has no route.
    if (allowed.length === 0 || allowed.some((each) => each === method)) {
      const documented = methodsAt("/openapi.json").length > 0;
      const hint = documented ? `GET ${prefix}/openapi.json lists the routes` : "check its spelling";
      const rule = ruleAt(pathname.slice(prefix.length)) ?? hint;
      throw new AppError("NOT_FOUND", `${pathname.slice(0, 200)} does not exist: ${rule}.`);
    }
    const Allow = allowed.join(", ");
    throw new AppError("METHOD_NOT_ALLOWED", `${pathname.slice(0, 200)} does not take ${method}, only ${Allow}.`, {
      headers: { Allow },
    });
  },
});
