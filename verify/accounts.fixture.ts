// Client of the account routes: sign in, refresh, create users who have chosen a password.
import type { Backend } from "../local/backend.fixture.ts";
import { json } from "./responses.fixture.ts";

export type Tokens = { readonly access_token: string; readonly refresh_token: string };
export type OauthError = { readonly error: string; readonly error_description: string };
type SignedIn = Tokens & { readonly id: string; readonly email: string; readonly password: string };

export type Accounts = {
  readonly owner: { readonly email: string; readonly password: string };
  /** As on http, where browsers reject the prefix __Secure-. */
  readonly cookieName: string;
  /** Sends a form to `/v1/auth/{path}`. */
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  signIn(email: string, password: string): Promise<Tokens | OauthError>;
  signInOwner(): Promise<Tokens>;
  refresh(refreshToken: string): Promise<Tokens | OauthError>;
  /** Creates a user as the owner, redeems the one-time token and signs in. */
  createUser(role: "owner" | "editor" | "viewer"): Promise<SignedIn>;
};

export function openAccounts({ api, owner }: Pick<Backend, "api" | "owner">): Accounts {
  const post: Accounts["post"] = (path, form, headers = {}) =>
    fetch(`${api}/v1/auth/${path}`, { method: "POST", body: new URLSearchParams(form), headers });
  const signIn: Accounts["signIn"] = (username, password) =>
    json(post("token", { grant_type: "password", username, password }));
  const signInOwner = async () => (await signIn(owner.email, owner.password)) as Tokens;
  const postJson = (path: string, body: object, token?: string) =>
    fetch(`${api}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    });
  return {
    owner,
    cookieName: "vitae-refresh",
    post,
    signIn,
    signInOwner,
    refresh: (refresh_token) => json(post("token", { grant_type: "refresh_token", refresh_token })),
    async createUser(role) {
      const email = `${crypto.randomUUID()}@example.com`;
      const password = `pass phrase ${crypto.randomUUID()}`;
      const { access_token } = await signInOwner();
      const { user, token } = await json<{ user: { id: string }; token: string }>(
        postJson("/v1/users", { email, role, tier: "free" }, access_token),
      );
      await postJson("/v1/auth/password", { token, password });
      const tokens = (await signIn(email, password)) as Tokens;
      return { ...tokens, id: user.id, email, password };
    },
  };
}
