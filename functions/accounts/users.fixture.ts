// The routes of users and passwords on tables in Azurite, with real sessions and cheap hashes, for their tests.
import { beforeEach, expect } from "vitest";
import type { Caller } from "../lib/access/permissions.ts";
import { OWNER_ID, type User } from "../lib/access/roster.ts";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { createStoreClock } from "../lib/store-clock.ts";
import { routes } from "../routes.ts";
import { newUser, openAccountDeps } from "./accounts.fixture.ts";
import { createSignIn } from "./sign-in.ts";

export const PASSWORD = "four words are enough";
export const owner = newUser({ id: OWNER_ID, role: "owner" });
/** `time`: milliseconds that the store's clock is ahead. Both are reset before each test. */
export const state = { time: 0, caller: { subject: OWNER_ID, role: "owner" } as Caller };
export let deps: Awaited<ReturnType<typeof openAccountDeps>>;

/** Call it once in a test file. */
export function useAccounts(): void {
  beforeEach(async () => {
    Object.assign(state, { time: 0, caller: { subject: OWNER_ID, role: "owner" } });
    // The store's clock reads a Date header with each call; its offset is added here.
    const clock = createStoreClock();
    const now = () => ({ earliest: clock.now().earliest + state.time, latest: clock.now().latest + state.time });
    deps = await openAccountDeps({ clock: { observe: clock.observe, now } });
    await deps.users.change(() => [owner]);
  });
}

type Name = (typeof routes)[number]["name"];

export async function call(name: Name, { id, body }: { id?: string; body?: object } = {}) {
  const route = routes.find((each) => each.name === name);
  if (!route) throw new Error(`There is no route ${name}`);
  const authenticate = async () => state.caller;
  return invoke(route as never, { ...deps, authenticate } as never, {
    method: route.methods[0] ?? "",
    ...(id !== undefined && { params: { id } }),
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
}

export async function create(body: object = { email: "ada@example.com", role: "editor" }) {
  const response = await call("user-create", { body });
  expect(response.status).toBe(201);
  return JSON.parse(response.text) as { user: User; token: string; expiresAt: string };
}
export const redeem = (token: string, password = PASSWORD) => call("password-redeem", { body: { token, password } });
export const signIn = (email: string, password = PASSWORD) => createSignIn(deps)(email, password);
export const rosterIds = async () => (await deps.users.read()).map(({ id }) => id);
export const userOf = async (id: string) => (await deps.users.read()).find((user) => user.id === id);
/** Makes a step fail, as when the process is killed there. @returns what lets it succeed again */
export function kill<K extends "sessions" | "users" | "credentials">(
  store: K,
  step: keyof (typeof deps)[K],
): () => void {
  const working = deps[store][step];
  Object.assign(deps[store], { [step]: () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "killed")) });
  return () => void Object.assign(deps[store], { [step]: working });
}
