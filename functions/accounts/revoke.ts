// POST /v1/auth/revoke (RFC 7009): ends the session of a refresh token.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { operation } from "../lib/http/operation.ts";
import { type AppOrigins, cookieNames, hasCookie, openCookie } from "./refresh-cookie.ts";
import type { Sessions } from "./sessions.ts";

const form = z.strictObject({
  token: z.string().max(4096).optional().meta({ description: "A refresh token. Without it, the cookie is used." }),
  token_type_hint: z.string().max(64).optional().meta({ description: "Has no effect (RFC 7009, section 2.1)." }),
});

const invalid = (message: string) => new AppError("VALIDATION_FAILED", message, { oauthError: "invalid_request" });

export const revoke = operation({
  tag: "Accounts",
  summary: "Sign out",
  description:
    "RFC 7009. Ends the session of a refresh token, whether it is current or was replaced, and deletes the cookie. Every " +
    "token gets 200: an unknown one changes nothing, and access tokens stay valid until they expire, at most 15 minutes.",
  form,
  cookies: cookieNames,
  responses: { 200: { description: "The token is not valid any more.", schema: z.strictObject({}) } },
  errorShape: "oauth",
  errors: ["FORBIDDEN", "DEPENDENCY_UNAVAILABLE"],
  example: { body: { token: "owner.7d0c…", token_type_hint: "refresh_token" }, response: {} },
  handler: async (
    request,
    { sessions, appOrigins }: { sessions: Pick<Sessions, "revoke">; appOrigins: AppOrigins },
  ) => {
    const { token } = request.body;
    if (token !== undefined) {
      if (hasCookie(request)) throw invalid("Send the token in the form or as a cookie, not both.");
      await sessions.revoke(token);
      return { json: {} };
    }
    if (!hasCookie(request)) throw invalid("The form needs the field token, or the request the cookie.");
    const cookie = openCookie(request, appOrigins);
    if (cookie.token !== undefined) await sessions.revoke(cookie.token);
    return { json: {}, cookies: [cookie.remove()] };
  },
});
