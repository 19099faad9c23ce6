// A child process that signs in, or refreshes a session of each client, again and again.
import { type Child, serveParent, startChild } from "../child.ts";
import { generateLoad, type LoadOptions, type LoadResult } from "../load.ts";

export type Credentials = { readonly username: string; readonly password: string };
export type AuthRequest = LoadOptions & {
  /** Of the API, with its prefix. */
  readonly api: string;
  readonly way: "sign-in" | "refresh";
  readonly clients: number;
  readonly credentials: Credentials;
};
/** Number of responses by status; 0 for a connection that ended. */
export type AuthResult = LoadResult & { readonly statuses: Readonly<Record<number, number>> };

/** Sends a form to the token endpoint. The body is undefined unless the status is 200. */
async function post(
  api: string,
  form: Readonly<Record<string, string>>,
): Promise<{ status: number; refreshToken?: string }> {
  try {
    const response = await fetch(`${api}/v1/auth/token`, { method: "POST", body: new URLSearchParams(form) });
    const body = (await response.json()) as { refresh_token?: string };
    return { status: response.status, ...(body.refresh_token !== undefined && { refreshToken: body.refresh_token }) };
  } catch {
    return { status: 0 };
  }
}

export const signIn = (api: string, credentials: Credentials) => post(api, { grant_type: "password", ...credentials });

/** @returns an operation that refreshes its own session, each time with the token of the time before */
async function openRefresher(api: string, credentials: Credentials): Promise<() => Promise<number>> {
  const { status, refreshToken } = await signIn(api, credentials);
  if (refreshToken === undefined) throw new Error(`A sign-in before the refreshes got ${status}`);
  let token = refreshToken;
  return async () => {
    const next = await post(api, { grant_type: "refresh_token", refresh_token: token });
    token = next.refreshToken ?? token;
    return next.status;
  };
}

export const startAuthClient = (): Child<AuthRequest, AuthResult> => startChild(new URL(import.meta.url));

if (process.argv[1] === import.meta.filename)
  serveParent<AuthRequest, AuthResult>(async ({ api, way, clients, credentials, ...load }) => {
    const send: (() => Promise<number>)[] = [];
    // One after the other: at most sixteen hashes wait, and the others get 503.
    for (let client = 0; client < clients; client++)
      send.push(
        way === "refresh" ? await openRefresher(api, credentials) : async () => (await signIn(api, credentials)).status,
      );
    const statuses: Record<number, number> = {};
    const operations = send.map((operate) => async () => {
      const status = await operate();
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status !== 200) throw new Error(`The token endpoint responded ${status}`);
    });
    return { ...(await generateLoad(operations, load)), statuses };
  });
