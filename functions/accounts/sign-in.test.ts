// Sign-in against Azurite: who may, the same work for everybody, upgrades, and changes during a sign-in.
import crypto from "node:crypto";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { User } from "../lib/access/roster.ts";
import { AppError } from "../lib/errors.ts";
import { createHeavyWork } from "../lib/heavy-work.ts";
import { createTable, newUser, openAccounts } from "./accounts.fixture.ts";
import { createPasswords } from "./passwords.ts";
import { createSignIn } from "./sign-in.ts";

const PASSWORD = "violet anchor mill 7";
const { hashes: gate } = createHeavyWork();
const log = { ...console, warn: () => undefined };
const passwords = createPasswords({ gate, log });
/** Of lower parameters than ours, which are quick as well. */
const nonce = Buffer.alloc(16);
const tag = crypto.argon2Sync("argon2id", {
  message: PASSWORD,
  nonce,
  tagLength: 32,
  memory: 64,
  passes: 1,
  parallelism: 1,
});
const lowerHash = [
  "$argon2id$v=19$m=64,t=1,p=1",
  ...[nonce, tag].map((bytes) => bytes.toString("base64").replace(/=+$/, "")),
].join("$");

let accounts: ReturnType<typeof openAccounts>;
let currentHash: string;
beforeAll(async () => {
  accounts = openAccounts(await createTable());
  currentHash = await passwords.hash(PASSWORD);
});

async function addUser({
  hash = currentHash as string | null,
  ...changes
}: Partial<User> & { hash?: string | null } = {}) {
  const user = newUser(changes);
  await accounts.users.change((roster) => [...roster, user]);
  await accounts.credentials.write(
    user.id,
    hash === null ? { secretVersion: "1" } : { hash, secretVersion: "1" },
    undefined,
  );
  return user;
}

/** Sign-in as the app does it, and the calls that it made. */
function open({ write = accounts.credentials.write } = {}) {
  const calls: string[] = [];
  function record<A extends unknown[], R>(call: string, run: (...input: A) => R) {
    return (...input: A): R => {
      calls.push(call);
      return run(...input);
    };
  }
  const signIn = createSignIn({
    log,
    users: { read: record("read roster", accounts.users.read) },
    credentials: { find: record("find credentials", accounts.credentials.find), write },
    passwords: { verify: record("verify", passwords.verify) },
  });
  return { signIn, calls };
}

async function setHash(user: User, hash: string | undefined): Promise<void> {
  const stored = await accounts.credentials.find(user.id);
  await accounts.credentials.write(user.id, hash === undefined ? {} : { hash }, stored?.etag);
}

describe("signIn", () => {
  it("signIn returns the user for the e-mail address in any case", async () => {
    const user = await addUser({ email: "ada@example.com" });
    const signedIn = await open().signIn("Ada@Example.com", PASSWORD);
    expect(signedIn?.user).toEqual(user);
    expect(await signedIn?.isCurrent()).toBe(true);
  });

  it("signIn makes the same calls and returns nothing, whatever the reason", async () => {
    const known = await addUser();
    const disabled = await addUser({ state: "disabled", hash: lowerHash });
    const withoutPassword = await addUser({ hash: null });
    const attempts: [string, string][] = [
      [known.email, "wrong password"],
      ["unknown@example.com", PASSWORD],
      ["not an address", PASSWORD],
      [disabled.email, PASSWORD],
      [withoutPassword.email, PASSWORD],
    ];
    for (const [email, password] of attempts) {
      const { signIn, calls } = open();
      expect(await signIn(email, password), email).toBeUndefined();
      expect(calls, email).toEqual(["read roster", "find credentials", "verify"]);
    }
    expect((await accounts.credentials.find(disabled.id))?.credentials.hash).toBe(lowerHash);
  });
});

describe("upgrade", () => {
  it("signIn stores a hash of the current parameters and keeps the rest of the row", async () => {
    const user = await addUser({ hash: lowerHash });
    const signedIn = await open().signIn(user.email, PASSWORD);
    const stored = await accounts.credentials.find(user.id);
    expect(stored?.credentials).toEqual({ hash: expect.stringContaining("m=19456,t=2,p=1"), secretVersion: "1" });
    expect(await signedIn?.isCurrent()).toBe(true);
  });

  it("signIn succeeds when the upgrade cannot be written", async () => {
    const user = await addUser({ hash: lowerHash });
    const write = vi.fn().mockRejectedValue(new AppError("DEPENDENCY_UNAVAILABLE", "down"));
    const signedIn = await open({ write }).signIn(user.email, PASSWORD);
    expect(write).toHaveBeenCalledOnce();
    expect(await signedIn?.isCurrent()).toBe(true);
  });

  it("signIn keeps a password that changed before its upgrade was written, and is not current", async () => {
    const user = await addUser({ hash: lowerHash });
    const other = await passwords.hash("lantern copper road 8");
    const { signIn } = open({
      async write(...input) {
        await setHash(user, other);
        return accounts.credentials.write(...input);
      },
    });
    const signedIn = await signIn(user.email, PASSWORD);
    expect((await accounts.credentials.find(user.id))?.credentials.hash).toBe(other);
    expect(await signedIn?.isCurrent()).toBe(false);
  });
});

describe("isCurrent", () => {
  it("isCurrent is true after another sign-in upgraded the hash, and false after a reset or a removal", async () => {
    const user = await addUser({ hash: lowerHash });
    const signedIn = await open({ write: async () => false }).signIn(user.email, PASSWORD);
    await setHash(user, currentHash);
    expect(await signedIn?.isCurrent()).toBe(true);
    await setHash(user, undefined);
    expect(await signedIn?.isCurrent()).toBe(false);
    await accounts.credentials.remove(user.id);
    expect(await signedIn?.isCurrent()).toBe(false);
  });
});
