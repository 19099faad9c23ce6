// A refresh token is replaced at each use; repeating the request at once returns the same successor.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import {
  look,
  mustBeOAuthError,
  mustNotBeStored,
  passwordGrant,
  refreshGrant,
  requestToken,
  revoke,
  tokensOf,
} from "../oauth.ts";

export const refresh = check({
  name: "refresh",
  needs: ["account"],
  async run({ client }, { account }) {
    const first = tokensOf(await requestToken(client, passwordGrant(account))).refresh_token;
    const response = await requestToken(client, refreshGrant(first));
    const second = tokensOf(response).refresh_token;
    mustNotBeStored(response);
    must(second !== first, {
      expected: `a new refresh token from ${response.what} (RFC 9700, section 4.14.2)`,
      received: "the token that was sent",
      look,
    });
    const repeated = tokensOf(await requestToken(client, refreshGrant(first))).refresh_token;
    must(repeated === second, {
      expected: "the same successor when the request is repeated at once, as after a lost response",
      received: "another token",
      look,
    });
    const name = client.api.startsWith("https:") ? "__Secure-vitae-refresh" : "vitae-refresh";
    const cookie = { cookie: `${name}=${second}` };
    const foreign = await requestToken(client, { grant_type: "refresh_token" }, cookie);
    mustBeOAuthError(foreign, { status: 403, error: "invalid_request", why: "the cookie without Origin" });
    await revoke(client, second);
    return "a new refresh token at each use, the same one when a request is repeated, no cookie without Origin";
  },
});
