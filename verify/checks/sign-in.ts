// A sign-in returns tokens that work, rejects a wrong password, and sets no cookie for a client without an own origin.
import { check } from "../check.ts";
import { look, mustBeOAuthError, mustNotBeStored, passwordGrant, requestToken, revoke, tokensOf } from "../oauth.ts";
import { mustHaveStatus } from "../response-shape.ts";

const WRONG = "verify: a wrong password";

export const signIn = check({
  name: "sign-in",
  needs: ["account"],
  async run({ client }, { account }) {
    const wrong = await requestToken(client, passwordGrant({ ...account, password: WRONG }));
    mustBeOAuthError(wrong, { status: 400, error: "invalid_grant", why: "a wrong password" });
    mustNotBeStored(wrong);
    const cookie = await requestToken(client, { ...passwordGrant(account), cookie: "true" });
    mustBeOAuthError(cookie, { status: 403, error: "invalid_request", why: "a cookie without Origin" });
    const response = await requestToken(client, passwordGrant(account));
    const tokens = tokensOf(response);
    mustNotBeStored(response);
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    mustHaveStatus(await client.call("/v1/auth/sessions", { headers }), { status: 200, look });
    await revoke(client, tokens.refresh_token);
    return "tokens for the password, invalid_grant for a wrong one, no cookie without Origin";
  },
});
