// The session of a browser, on the API's own origin: the refresh token is a cookie, the access token is in memory only.

export type Session = {
  /**
   * @returns false if the e-mail address or the password is wrong
   * @throws {Error} when the API fails or does not respond; the message has its reason
   */
  signIn(email: string, password: string): Promise<boolean>;
  /** @throws {Error} when the API fails: the session may still exist, so sign out again */
  signOut(): Promise<void>;
  /**
   * A token that is valid for at least a minute.
   * @returns undefined if no user is signed in
   * @throws {Error} when the API fails or does not respond
   */
  accessToken(): Promise<string | undefined>;
};

type Options = {
  /** Base URL of the API, on this origin. @default /api */
  readonly api?: string;
  /** Milliseconds to wait for a refresh. The API returns the same token again for ten seconds, so a retry is in time. */
  readonly refreshTimeoutMs?: number;
};

type Token = { readonly value: string; readonly lifetimeMs: number; readonly wall: number; readonly monotonic: number };

/** Of /v1/auth/token: the first two from status 200, the others from any other. */
type TokenResponse = {
  readonly access_token: string;
  readonly expires_in: number;
  readonly error: string;
  readonly error_description: string;
  readonly trace_id: string;
};

/** A refresh is due when less is left. */
const MARGIN_MS = 60_000;
/** A sign-in hashes a password, and may start an instance first. */
const SIGN_IN_TIMEOUT_MS = 30_000;
/** Tabs share the cookie, so one after the other uses it. */
const LOCK = "vitae-session";

export function createSession({ api = "/api", refreshTimeoutMs = 4_000 }: Options = {}): Session {
  let token: Token | undefined;
  let refreshing: Promise<string | undefined> | undefined;

  const post = (path: string, form: Record<string, string>, timeoutMs: number) =>
    fetch(`${api}/v1/auth/${path}`, {
      method: "POST",
      body: new URLSearchParams(form),
      credentials: "same-origin",
      signal: AbortSignal.timeout(timeoutMs),
    });

  /** Keeps the token of the response. @returns the error code of a rejected request */
  async function accept(response: Response): Promise<string | undefined> {
    const body = (await response.json()) as TokenResponse;
    if (response.ok) {
      const { access_token: value, expires_in: seconds } = body;
      token = { value, lifetimeMs: seconds * 1000, wall: Date.now(), monotonic: performance.now() };
      return undefined;
    }
    token = undefined;
    if (response.status >= 400 && response.status < 500 && response.status !== 429) return body.error;
    throw new Error(`${body.error_description} (${response.status}, trace id ${body.trace_id})`);
  }

  /** Of both clocks the later one counts: a page can be suspended, and the wall clock can be stepped. */
  function leftOf({ lifetimeMs, wall, monotonic }: Token): number {
    return lifetimeMs - Math.max(Date.now() - wall, performance.now() - monotonic);
  }

  const sendRefresh = async () => accept(await post("token", { grant_type: "refresh_token" }, refreshTimeoutMs));

  function refresh(): Promise<string | undefined> {
    return navigator.locks.request(LOCK, async () => {
      // A sign-in or another refresh may have ended while this one waited.
      if (token && leftOf(token) >= MARGIN_MS) return token.value;
      // Only a request without a response is sent again, at once and once.
      await sendRefresh().catch((error: unknown) => {
        if (error instanceof TypeError || error instanceof DOMException) return sendRefresh();
        throw error;
      });
      return token?.value;
    });
  }

  return {
    async signIn(email, password) {
      const form = { grant_type: "password", username: email, password, cookie: "true" };
      const error = await navigator.locks.request(LOCK, async () =>
        accept(await post("token", form, SIGN_IN_TIMEOUT_MS)),
      );
      if (error !== undefined && error !== "invalid_grant") throw new Error(`The sign-in was rejected: ${error}`);
      return error === undefined;
    },
    async signOut() {
      await navigator.locks.request(LOCK, async () => {
        token = undefined;
        const response = await post("revoke", {}, SIGN_IN_TIMEOUT_MS);
        // 400: there is no cookie, so no user is signed in.
        if (!response.ok && response.status !== 400) throw new Error(`The sign-out failed (${response.status})`);
      });
    },
    async accessToken() {
      if (token && leftOf(token) >= MARGIN_MS) return token.value;
      refreshing ??= refresh().finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
  };
}
