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
   * A token that is valid for at least a minute, or for less while the API fails.
   * @returns undefined if no user is signed in
   * @throws {Error} when the API fails or does not respond
   */
  accessToken(): Promise<string | undefined>;
  /** Forgets a token that the API rejected before its time, as after a revocation of keys. The next call refreshes. */
  discard(rejected: string): void;
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
/** Tabs share the cookie, so one after the other uses it. Also the channel on which a tab reports that it signed in or out. */
export const LOCK = "vitae-session";

const SESSION_CHANGED = "session-changed";
/** The response to a sign-out without a cookie: no user is signed in. */
const NO_COOKIE = "The form needs the field token, or the request the cookie.";

/** Empty if it is not JSON: the platform responds with HTML while the app does not run. */
async function readBody(response: Response): Promise<Partial<TokenResponse>> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const failureOf = (status: number, { error_description: reason, trace_id: trace }: Partial<TokenResponse>): Error =>
  new Error(reason === undefined ? `The API failed (${status})` : `${reason} (${status}, trace id ${trace})`);

export function createSession({ api = "/api", refreshTimeoutMs = 4_000 }: Options = {}): Session {
  let token: Token | undefined;
  let refreshing: Promise<string | undefined> | undefined;
  /** A tab that signs in or out: the others forget their access tokens, which are valid until they expire. */
  const otherTabs = new BroadcastChannel(LOCK);
  otherTabs.onmessage = () => {
    token = undefined;
  };

  const post = (path: string, form: Record<string, string>, timeoutMs: number) =>
    fetch(`${api}/v1/auth/${path}`, {
      method: "POST",
      body: new URLSearchParams(form),
      credentials: "same-origin",
      signal: AbortSignal.timeout(timeoutMs),
    });

  /** Keeps the token of the response. @returns the error code of a rejected request */
  async function accept(response: Response): Promise<string | undefined> {
    const { status } = response;
    const body = await readBody(response);
    const { access_token: value, expires_in: seconds, error } = body;
    if (response.ok && value !== undefined && seconds !== undefined) {
      token = { value, lifetimeMs: seconds * 1000, wall: Date.now(), monotonic: performance.now() };
      return undefined;
    }
    // Any other error says nothing about the session: the token stays until it expires.
    if (status < 400 || status >= 500 || status === 429 || error === undefined) throw failureOf(status, body);
    token = undefined;
    return error;
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
      if (error === undefined) otherTabs.postMessage(SESSION_CHANGED);
      return error === undefined;
    },
    async signOut() {
      await navigator.locks.request(LOCK, async () => {
        token = undefined;
        otherTabs.postMessage(SESSION_CHANGED);
        const response = await post("revoke", {}, SIGN_IN_TIMEOUT_MS);
        if (response.ok) return;
        const body = await readBody(response);
        if (body.error_description !== NO_COOKIE) throw failureOf(response.status, body);
      });
    },
    async accessToken() {
      if (token && leftOf(token) >= MARGIN_MS) return token.value;
      refreshing ??= refresh()
        .catch((error: unknown) => {
          if (token && leftOf(token) > 0) return token.value;
          throw error;
        })
        .finally(() => {
          refreshing = undefined;
        });
      return refreshing;
    },
    discard(rejected) {
      if (token?.value === rejected) token = undefined;
    },
  };
}
