// Decides whether a client may call a route: its rate limit, its token and the permission of its role.
import { type Caller, hasPermission } from "../access/permissions.ts";
import { AppError } from "../errors.ts";
import type { HttpContext } from "./context.ts";
import { consumeLimit } from "./limit.ts";

async function verify({ deps, received, request }: HttpContext): Promise<Caller> {
  const authorization = request.headers.get("authorization");
  if (received?.repeatsAuthorization)
    throw new AppError("UNAUTHENTICATED", "The Authorization header must be given once, received several: send one.", {
      headers: { "WWW-Authenticate": 'Bearer realm="vitae", error="invalid_request"' },
    });
  return deps.authenticate(authorization);
}

/**
 * @returns the caller, or undefined on a public route
 * @throws {AppError} RATE_LIMITED; UNAUTHENTICATED or DEPENDENCY_UNAVAILABLE from `authenticate`; FORBIDDEN
 */
export async function authorize(context: HttpContext): Promise<Caller | undefined> {
  const { access, limit } = context.route;
  if (access === "public") {
    await consumeLimit(context, limit);
    return undefined;
  }
  const caller = await verify(context).catch(async (error: unknown) => {
    // Without a valid token only the address identifies the client. This limits attempts to guess a token.
    await consumeLimit(context, "default");
    throw error;
  });
  context.callerId = caller.subject;
  await consumeLimit(context, limit, { caller: caller.subject });
  if (access !== "authenticated" && !hasPermission(caller, access))
    throw new AppError(
      "FORBIDDEN",
      `This operation requires the permission ${access}, which the role ${caller.role} lacks.`,
    );
  return caller;
}
