// Who is signed in, in all tabs of the console, and the client that calls the API for them.
import { ApiError } from "./api-error.ts";
import { createClient } from "./client.ts";
import type { Output } from "./operations.ts";
import { createSession, LOCK } from "./session.ts";
import { createStore } from "./store.ts";

export type Me = Output<"user-me">;
export type Account =
  | { readonly state: "starting" | "signed-out" }
  | { readonly state: "signed-in"; readonly me: Me }
  | { readonly state: "failed"; readonly message: string };

export const account = createStore<Account>({ state: "starting" });

export const session = createSession();
const { call } = createClient({ session, onSignedOut: () => account.set({ state: "signed-out" }) });

export { call };

let lastUser: string | undefined;

/** Reads who is signed in. */
export async function readAccount(): Promise<void> {
  try {
    if ((await session.accessToken()) === undefined) return account.set({ state: "signed-out" });
    const { data: me } = await call("user-me");
    // What this tab holds in memory is of the user before.
    if (lastUser !== undefined && lastUser !== me.id) location.reload();
    lastUser = me.id;
    account.set({ state: "signed-in", me });
  } catch (error) {
    // A session that has ended is no failure, and a user who is signed in stays so.
    if ((error instanceof ApiError && error.status === 401) || account.get().state === "signed-in") return;
    account.set({ state: "failed", message: (error as Error).message });
  }
}

/** @returns false if the e-mail address or the password is wrong */
export async function signIn(email: string, password: string): Promise<boolean> {
  if (!(await session.signIn(email, password))) return false;
  await readAccount();
  return true;
}

export async function signOut(): Promise<void> {
  await session.signOut();
  account.set({ state: "signed-out" });
}

/** Another tab has signed in or out. */
export function followOtherTabs(): void {
  new BroadcastChannel(LOCK).onmessage = () => void readAccount();
}
