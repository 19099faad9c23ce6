// A revoked refresh token is rejected, and revocation reveals nothing about a token.
import { check } from "../check.ts";
import { look, mustBeOAuthError, passwordGrant, refreshGrant, requestToken, revoke, tokensOf } from "../oauth.ts";
import { mustHaveStatus } from "../response-shape.ts";

export const revocation = check({
  name: "revoke",
  needs: ["account"],
  async run({ client }, { account }) {
    const { refresh_token } = tokensOf(await requestToken(client, passwordGrant(account)));
    mustHaveStatus(await revoke(client, refresh_token), { status: 200, look });
    const revoked = await requestToken(client, refreshGrant(refresh_token));
    mustBeOAuthError(revoked, { status: 400, error: "invalid_grant", why: "a revoked refresh token" });
    // RFC 7009, section 2.2: an unknown token is no error.
    mustHaveStatus(await revoke(client, "verify-no-token"), { status: 200, look });
    return "invalid_grant for a revoked refresh token, 200 for any token to revoke";
  },
});
