// Requests of the token and revocation endpoints (RFC 6749, RFC 7009), and what their responses must have.
import type { Account } from "./check.ts";
import { must } from "./check-failure.ts";
import type { ApiResponse, Client } from "./client.ts";
import { describeResponse, jsonOf } from "./response-shape.ts";

export const look = "the log line of this trace id; the warnings of GET /health/ready (passwords need crypto.argon2)";

type Form = Readonly<Record<string, string>>;
export type Tokens = { readonly access_token: string; readonly refresh_token: string };
type TokenResponse = Tokens & { readonly token_type: string; readonly expires_in: number };
type OAuthError = Readonly<Record<"error" | "error_description" | "trace_id", unknown>>;

/** Sends a form. Node.js sends no Origin, as clients other than browsers. */
export function post(client: Client, at: string, form: Form, headers: Form = {}): Promise<ApiResponse> {
  const type = { "content-type": "application/x-www-form-urlencoded" };
  return client.call(at, {
    method: "POST",
    headers: { ...type, ...headers },
    body: new URLSearchParams(form).toString(),
  });
}

export const requestToken = (client: Client, form: Form, headers?: Form) =>
  post(client, "/v1/auth/token", form, headers);

export const passwordGrant = ({ email, password }: Account): Form => ({
  grant_type: "password",
  username: email,
  password,
});
export const refreshGrant = (token: string): Form => ({ grant_type: "refresh_token", refresh_token: token });

/** RFC 6749, section 5.1: neither tokens nor errors may be stored by a cache. */
export function mustNotBeStored({ what, headers }: ApiResponse): void {
  const received = headers.get("cache-control") ?? "none";
  must(/\bno-store\b/.test(received), { expected: `Cache-Control: no-store on ${what}`, received, look });
}

/** The tokens of a successful response. No message contains them. */
export function tokensOf(response: ApiResponse): Tokens {
  const body = jsonOf<TokenResponse>(response, { status: 200, look });
  const { access_token, refresh_token, token_type, expires_in } = body;
  must(
    typeof access_token === "string" &&
      typeof refresh_token === "string" &&
      /^bearer$/i.test(`${token_type}`) &&
      Number.isSafeInteger(expires_in),
    {
      expected: `access_token, refresh_token, token_type and expires_in from ${response.what} (RFC 6749, section 5.1)`,
      received: `${response.status} with ${Object.keys(body).join(", ") || "no member"}`,
      look,
    },
  );
  return { access_token, refresh_token };
}

type ErrorRule = {
  readonly status: number;
  readonly error: string;
  /** What the request did wrong. */
  readonly why: string;
};

/** RFC 6749, section 5.2, with the trace id, and without a cookie. */
export function mustBeOAuthError(response: ApiResponse, { status, error, why }: ErrorRule): void {
  const body = jsonOf<OAuthError>(response, { status: response.status, look });
  const hasShape = typeof body.error_description === "string" && typeof body.trace_id === "string";
  must(response.status === status && body.error === error && hasShape, {
    expected: `${status} ${error} with error_description and trace_id from ${response.what} for ${why} (RFC 6749, section 5.2)`,
    received: describeResponse(response),
    look,
  });
  must(response.headers.get("set-cookie") === null, {
    expected: `no Set-Cookie on ${response.what} for ${why}`,
    received: "a cookie",
    look,
  });
}

/** Ends the session of a check. */
export const revoke = (client: Client, token: string) => post(client, "/v1/auth/revoke", { token });
