// The seeded owner against Azurite: created once, and a password that each version of the secret sets once.
import { beforeEach, describe, expect, it } from "vitest";
import type { User } from "../lib/access/roster.ts";
import { createCheapPasswords, createTable, newUser, openAccounts } from "./accounts.fixture.ts";
import { createSeededOwner } from "./seeded-owner.ts";

const EMAIL = "owner@localhost";
const FIRST = { value: "violet anchor mill 7", version: "1" };
const SECOND = { value: "lantern copper road 8", version: "2" };
const passwords = createCheapPasswords();

let ended: string[];
const sessions = { endAll: async (userId: string) => void ended.push(userId) };
let accounts: ReturnType<typeof openAccounts>;
beforeEach(async () => {
  accounts = openAccounts(await createTable());
  ended = [];
});
const open = (changes = {}) => createSeededOwner({ ...accounts, passwords, sessions, ...changes });
const stored = async () => (await accounts.credentials.find("owner"))?.credentials;
const validFrom = async () => (await accounts.users.read())[0]?.validFrom;
const isValid = async ({ value }: { value: string }) => (await passwords.verify(value, (await stored())?.hash)).isValid;

describe("create", () => {
  it("create adds the owner to an empty roster, and keeps what the roster has of an existing one", async () => {
    expect(await open().create(EMAIL, false)).toEqual({ outcome: "created", email: EMAIL });
    const [owner] = await accounts.users.read();
    expect(owner).toMatchObject({ id: "owner", email: EMAIL, role: "owner", tier: "enterprise", state: "active" });
    expect(await open().create("other@localhost", true)).toEqual({ outcome: "exists", email: EMAIL });
    expect(await accounts.users.read()).toEqual([owner]);
  });

  it.each([
    ["limited", { state: "disabled" }],
    ["limited", { role: "viewer" }],
    ["exists", { role: "editor" }],
  ] as const)("create reports an owner as %s that is changed by %j", async (outcome, changes) => {
    await accounts.users.change(() => [newUser({ id: "owner", email: EMAIL, role: "owner", ...changes })]);
    expect(await open().create(EMAIL, false)).toEqual({ outcome, email: EMAIL });
  });

  it("create adds a deleted owner again only with isRestored, and its old tokens stay invalid", async () => {
    await accounts.users.change(() => [newUser({ role: "owner" })]);
    expect(await open().create(EMAIL, false)).toEqual({ outcome: "absent", email: EMAIL });
    expect(await accounts.users.read()).toHaveLength(1);
    expect(await open().create(EMAIL, true)).toEqual({ outcome: "created", email: EMAIL });
    const [, owner] = await accounts.users.read();
    expect(owner?.validFrom).toBeGreaterThanOrEqual(accounts.clock.now().earliest / 1000 - 60);
  });
});

describe("takePassword", () => {
  it("takePassword sets the password once for each version, and a newer version rejects all sessions and tokens", async () => {
    await open().create(EMAIL, false);
    expect(await open().takePassword(EMAIL, async () => FIRST)).toBe("set");
    expect([await isValid(FIRST), await validFrom(), ended]).toEqual([true, 0, []]);

    const changed = await accounts.credentials.find("owner");
    const hash = await passwords.hash("a password of the owner");
    await accounts.credentials.write("owner", { ...changed?.credentials, hash }, changed?.etag);
    expect(await open().takePassword(EMAIL, async () => FIRST)).toBe("unchanged");
    expect(await stored()).toEqual({ hash, secretVersion: "1" });

    expect(await open().takePassword(EMAIL, async () => SECOND)).toBe("restored");
    expect([await isValid(SECOND), (await stored())?.secretVersion]).toEqual([true, "2"]);
    expect(await validFrom()).toBeGreaterThan(0);
    expect(ended).toEqual(["owner"]);
  });

  it("takePassword that was killed between its writes ends all sessions in the next run", async () => {
    await open().create(EMAIL, false);
    await open().takePassword(EMAIL, async () => FIRST);
    const killed = { change: () => Promise.reject(new Error("killed")), read: accounts.users.read };
    await expect(open({ users: killed }).takePassword(EMAIL, async () => SECOND)).rejects.toThrow("killed");
    // The sessions end before the tokens do, since a session could be exchanged for another token.
    expect([await isValid(SECOND), await validFrom(), ended]).toEqual([true, 0, ["owner"]]);
    expect(await open().takePassword(EMAIL, async () => SECOND)).toBe("restored");
    expect(await validFrom()).toBeGreaterThan(0);
    expect(ended).toEqual(["owner", "owner"]);
  });

  it("takePassword sets e-mail address, role and state again with a newer version only", async () => {
    await open().create(EMAIL, false);
    await open().takePassword(EMAIL, async () => FIRST);
    const thief = newUser({ role: "owner" });
    await accounts.users.change(([owner]) => [
      { ...(owner as User), email: thief.email, role: "viewer", state: "disabled" },
      { ...thief, email: EMAIL },
    ]);
    expect(await open().takePassword(EMAIL, async () => FIRST)).toBe("unchanged");
    await expect(open().takePassword(EMAIL, async () => SECOND)).rejects.toThrow(/OWNER_EMAIL/);
    expect(await open().takePassword("other@localhost", async () => SECOND)).toBe("restored");
    const [owner] = await accounts.users.read();
    expect(owner).toMatchObject({ id: "owner", email: "other@localhost", role: "owner", state: "active" });
  });

  it("takePassword keeps the newer version when an older run writes later", async () => {
    await open().create(EMAIL, false);
    await open().takePassword(EMAIL, async () => ({ value: "marble window lake 9", version: "0" }));
    let current = FIRST;
    const result = await open().takePassword(EMAIL, async () => {
      const read = current;
      if (read === FIRST) {
        current = SECOND;
        await open().takePassword(EMAIL, async () => SECOND);
      }
      return read;
    });
    expect(result).toBe("unchanged");
    expect([await isValid(SECOND), (await stored())?.secretVersion]).toEqual([true, "2"]);
  });

  it.each([
    ["too short", "short", /12 to 128 characters, received 5\. Choose/],
    ["common", "Password1234!", /common/],
    ["with the line break of a file", "violet anchor mill 7\n", /line break/],
  ])("takePassword rejects a secret that is %s, without repeating it", async (_, value, message) => {
    await open().create(EMAIL, false);
    const rejected = open().takePassword(EMAIL, async () => ({ value, version: "1" }));
    await expect(rejected).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      message: expect.stringMatching(message),
    });
    await expect(rejected).rejects.not.toThrow(value.trim());
    expect(await stored()).toBeUndefined();
  });
});

describe("checkEmail", () => {
  it("checkEmail rejects what is no e-mail address with an example", () => {
    expect(() => open().checkEmail("ada")).toThrow(/OWNER_EMAIL must be.*received "ada".*OWNER_EMAIL=ada@example\.com/);
    expect(open().checkEmail("Owner@LOCALHOST")).toBe(EMAIL);
  });
});
