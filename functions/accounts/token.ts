// POST /v1/auth/token (RFC 6749): exchanges a password, or a refresh token, for an access token and the next refresh token.
import { z } from "zod";
import type { RosterView } from "../lib/access/roster-view.ts";
import type { IssueToken } from "../lib/access/token.ts";
import { AppError } from "../lib/errors.ts";
import { operation } from "../lib/http/operation.ts";
import { type AppOrigins, cookieNames, hasCookie, openCookie } from "./refresh-cookie.ts";
import { MAX_TOKEN_LENGTH, parseRefreshToken } from "./refresh-token.ts";
import type { Sessions } from "./sessions.ts";
import type { SignIn } from "./sign-in.ts";

type TokenDeps = {
  readonly signIn: SignIn;
  readonly sessions: Pick<Sessions, "start" | "endSurplus" | "refresh" | "revoke" | "end">;
  readonly rosterView: Pick<RosterView, "find">;
  readonly issueToken: IssueToken;
  readonly appOrigins: AppOrigins;
};

const SIGN_IN_FAILED = "The e-mail address or the password is wrong.";
const REFRESH_FAILED = "The refresh token is invalid, expired, revoked or was replaced: sign in again.";

const form = z.strictObject({
  grant_type: z.string().max(64).meta({ description: "`password` or `refresh_token`." }),
  username: z.string().max(254).optional().meta({ description: "E-mail address; with `password` only." }),
  password: z.string().max(512).optional(),
  refresh_token: z
    .string()
    .max(4096)
    .optional()
    .meta({ description: `At most ${MAX_TOKEN_LENGTH} characters. Without it, the cookie is used.` }),
  cookie: z
    .literal("true", { error: "must be true: leave it out for a token in the response" })
    .optional()
    .meta({ description: "Sets the refresh token as a cookie, for pages on the API's own origin." }),
});

const response = z.strictObject({
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.int().meta({ description: "Seconds." }),
  refresh_token: z.string().optional().meta({ description: "Absent where the cookie has it." }),
});

type RefreshCookie = ReturnType<typeof openCookie>;

const rejected = (oauthError: "invalid_grant" | "invalid_request" | "unsupported_grant_type", message: string) =>
  new AppError("VALIDATION_FAILED", message, { oauthError });

/** Deletes the cookie, with which no request can succeed any more. */
const refreshRejected = (cookie: RefreshCookie | undefined) =>
  new AppError("VALIDATION_FAILED", REFRESH_FAILED, {
    oauthError: "invalid_grant",
    ...(cookie && { cookies: [cookie.remove()] }),
  });

/** @throws {AppError} invalid_grant; DEPENDENCY_UNAVAILABLE */
async function signInWithPassword(
  { username, password, userAgent }: { username: string; password: string; userAgent: string | null },
  { signIn, sessions, issueToken }: TokenDeps,
) {
  const signedIn = await signIn(username, password);
  if (!signedIn) throw rejected("invalid_grant", SIGN_IN_FAILED);
  const { user } = signedIn;
  // Always a new session: one that the client presents may belong to another user (session fixation).
  const { refreshToken, session } = await sessions.start(user, userAgent);
  try {
    const claims = { subject: user.id, role: user.role, session, notBefore: user.validFrom };
    // Before the check: a password that changes after it is followed by a `validFrom` later than this token.
    const access = await issueToken(claims);
    if (!(await signedIn.isCurrent())) throw rejected("invalid_grant", SIGN_IN_FAILED);
    await sessions.endSurplus(user.id);
    return { access, refreshToken, userId: user.id };
  } catch (error) {
    // No client has received its token. If this fails too, the session ends after 30 days.
    await sessions.end(user.id, session).catch(() => undefined);
    throw error;
  }
}

/** @throws {AppError} invalid_grant; DEPENDENCY_UNAVAILABLE */
async function refresh(
  { presented, cookie }: { presented: string | undefined; cookie?: RefreshCookie },
  { sessions, rosterView, issueToken }: TokenDeps,
) {
  const token = presented === undefined ? undefined : parseRefreshToken(presented);
  const user = token && (await rosterView.find(token.userId));
  if (presented === undefined || !token || user?.state !== "active") throw refreshRejected(cookie);
  // Before the rotation: a client that got 503 after it would be too late with its retry, and lose the session.
  const claims = { subject: user.id, role: user.role, session: token.familyId, notBefore: user.validFrom };
  const access = await issueToken(claims);
  const refreshed = await sessions.refresh(presented, user.validFrom);
  if (!refreshed) throw refreshRejected(cookie);
  return { access, refreshToken: refreshed.refreshToken };
}

export const token = operation({
  tag: "Accounts",
  summary: "Sign in, or refresh",
  description:
    "RFC 6749, sections 4.3 and 6. Access tokens last 15 minutes. Each refresh returns a new refresh token; send a request " +
    "whose response was lost again within 10 seconds. A token that was replaced longer ago ends its session. With " +
    "`cookie=true` the refresh token is a cookie, which needs a page on the API's own origin.",
  form,
  cookies: cookieNames,
  responses: { 200: { description: "The tokens.", schema: response } },
  errorShape: "oauth",
  errors: ["FORBIDDEN", "DEPENDENCY_UNAVAILABLE"],
  account: ({ body }) =>
    // A name of its own, since the user name is any text: attempts of signed-in users are counted as `me:…`.
    body.grant_type === "password" ? `sign-in:${body.username?.trim() ?? ""}` : undefined,
  example: {
    body: { grant_type: "password", username: "owner@example.com", password: "correct horse battery staple" },
    response: { access_token: "eyJ…", token_type: "Bearer", expires_in: 900, refresh_token: "owner.7d0c…" },
  },
  handler: async (request, deps: TokenDeps) => {
    const { grant_type: grant, username, password, refresh_token: given, cookie: wanted } = request.body;
    if (grant === "password") {
      if (username === undefined || password === undefined || given !== undefined)
        throw rejected("invalid_request", "grant_type password needs username and password, and no refresh_token.");
      const cookie = wanted && openCookie(request, deps.appOrigins);
      const credentials = { username, password, userAgent: request.headers.get("user-agent") };
      const signedIn = await signInWithPassword(credentials, deps);
      if (cookie?.token !== undefined) await endReplaced(cookie.token, signedIn.userId, deps);
      return respond(signedIn, cookie);
    }
    if (grant !== "refresh_token")
      throw rejected("unsupported_grant_type", "grant_type must be password or refresh_token.");
    if (username !== undefined || password !== undefined)
      throw rejected("invalid_request", "grant_type refresh_token takes no username and no password: leave them out.");
    if (given !== undefined) {
      if (wanted || hasCookie(request))
        throw rejected("invalid_request", "Send the refresh token in the form or as a cookie, not both.");
      return respond(await refresh({ presented: given }, deps), undefined);
    }
    if (!wanted && !hasCookie(request))
      throw rejected("invalid_request", "grant_type refresh_token needs refresh_token, or the cookie.");
    const cookie = openCookie(request, deps.appOrigins);
    return respond(await refresh({ presented: cookie.token, cookie }, deps), cookie);
  },
});

/** Ends the session whose cookie the new one replaces, if it is the same user's: its token is lost with the cookie. */
async function endReplaced(presented: string, userId: string, { sessions }: TokenDeps): Promise<void> {
  if (parseRefreshToken(presented)?.userId !== userId) return;
  // If it fails, the session ends after 30 days.
  await sessions.revoke(presented).catch(() => undefined);
}

function respond({ access, refreshToken }: Awaited<ReturnType<typeof refresh>>, cookie: RefreshCookie | undefined) {
  const json = { access_token: access.token, token_type: "Bearer", expires_in: access.expiresIn };
  return cookie ? { json, cookies: [cookie.store(refreshToken)] } : { json: { ...json, refresh_token: refreshToken } };
}
