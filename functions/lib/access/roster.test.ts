// The laws of the roster, for any sequence of changes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppError } from "../errors.ts";
import { tiers } from "../retention.ts";
import { roles } from "./permissions.ts";
import {
  addUser,
  changeUser,
  emailSchema,
  findByEmail,
  lowerRole,
  MAX_USERS,
  type Roster,
  removeUser,
  revokeTokens,
  states,
  type User,
} from "./roster.ts";

const owner: User = {
  id: "owner",
  email: "owner@example.com",
  role: "owner",
  tier: "enterprise",
  state: "active",
  validFrom: 100,
  createdAt: 0,
};
const userOf = (id: string, changes: Partial<User> = {}): User => ({
  ...owner,
  id,
  email: `${id}@example.com`,
  ...changes,
});
const conflict = expect.objectContaining({ code: "CONFLICT" });
const notFound = expect.objectContaining({ code: "NOT_FOUND" });

const id = fc.constantFrom("owner", "a", "b", "c", "d");
const email = fc.constantFrom("owner@example.com", "a@example.com", "x@example.com");
const changes = fc.record(
  { email, role: fc.constantFrom(...roles), tier: fc.constantFrom(...tiers), state: fc.constantFrom(...states) },
  { requiredKeys: [] },
);
const now = fc.integer({ min: 0, max: 1_000 });
const step = fc.oneof(
  fc.tuple(id, email, fc.constantFrom(...roles)).map(
    ([id, email, role]) =>
      (roster: Roster) =>
        addUser(roster, userOf(id, { email, role })),
  ),
  fc.tuple(id, changes, now).map(
    ([id, changes, now]) =>
      (roster: Roster) =>
        changeUser(roster, id, { changes, now }),
  ),
  fc.tuple(id, now).map(
    ([id, now]) =>
      (roster: Roster) =>
        revokeTokens(roster, id, now),
  ),
  id.map((id) => (roster: Roster) => removeUser(roster, id)),
);

describe("a roster with an owner", () => {
  it("keeps an active owner and unique e-mail addresses and ids through any changes, and validFrom never falls", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let roster: Roster = [owner];
        for (const change of steps) {
          let next = roster;
          try {
            next = change(roster);
          } catch (error) {
            expect(["CONFLICT", "NOT_FOUND"]).toContain((error as AppError).code);
          }
          expect(next.some(({ role, state }) => role === "owner" && state === "active")).toBe(true);
          expect(new Set(next.map(({ email }) => email)).size).toBe(next.length);
          expect(new Set(next.map(({ id }) => id)).size).toBe(next.length);
          for (const before of roster) {
            const after = next.find(({ id }) => id === before.id);
            expect(after?.validFrom ?? before.validFrom).toBeGreaterThanOrEqual(before.validFrom);
          }
          roster = next;
        }
      }),
    );
  });

  it.each([
    ["removed", (roster: Roster) => removeUser(roster, "owner")],
    ["demoted", (roster: Roster) => changeUser(roster, "owner", { changes: { role: "editor" }, now: 0 })],
    ["disabled", (roster: Roster) => changeUser(roster, "owner", { changes: { state: "disabled" }, now: 0 })],
  ])("rejects with CONFLICT that the last active owner is %s, and permits it while another is active", (_, change) => {
    expect(() => change([owner, userOf("a", { state: "disabled" }), userOf("b", { role: "editor" })])).toThrow(
      conflict,
    );
    expect(change([owner, userOf("a")])).not.toEqual([owner, userOf("a")]);
  });
});

it("a change that is repeated after a lost response returns the same roster", () => {
  const roster = addUser([owner], userOf("a"));
  expect(addUser(roster, userOf("a"))).toBe(roster);
  const disabled = changeUser(roster, "a", { changes: { state: "disabled" }, now: 200 });
  expect(changeUser(disabled, "a", { changes: { state: "disabled" }, now: 300 })).toBe(disabled);
});

it("disabling, enabling and revoking set validFrom, and changing role or tier does not", () => {
  const validFrom = (roster: Roster) => roster.find(({ id }) => id === "a")?.validFrom;
  const roster = [owner, userOf("a")];
  const disabled = changeUser(roster, "a", { changes: { state: "disabled" }, now: 200 });
  expect(validFrom(disabled)).toBe(200);
  expect(validFrom(changeUser(disabled, "a", { changes: { state: "active" }, now: 300 }))).toBe(300);
  expect(validFrom(revokeTokens(roster, "a", 400))).toBe(400);
  expect(validFrom(changeUser(roster, "a", { changes: { role: "viewer", tier: "pro" }, now: 500 }))).toBe(100);
});

it("rejects the 101st user and a second user of an e-mail address with CONFLICT, and an unknown id with NOT_FOUND", () => {
  const full = Array.from({ length: MAX_USERS }, (_, index) => userOf(`user-${index}`));
  expect(() => addUser(full, owner)).toThrow(conflict);
  expect(() => addUser([owner], userOf("a", { email: owner.email }))).toThrow(conflict);
  expect(() => removeUser([owner], "a")).toThrow(notFound);
});

it("finds a user by an e-mail address in any case, and accepts addresses of up to 254 characters", () => {
  expect(findByEmail([owner], "Owner@EXAMPLE.com")).toBe(owner);
  expect(emailSchema.parse("Ada@Example.com")).toBe("ada@example.com");
  expect(emailSchema.parse("owner@localhost")).toBe("owner@localhost");
  const domain = `${Array(4).fill("d".repeat(46)).join(".")}.com`;
  expect(emailSchema.safeParse(`${"a".repeat(62)}@${domain}`).success).toBe(true);
  expect(emailSchema.safeParse(`${"a".repeat(63)}@${domain}`).success).toBe(false);
});

it("the effective role is the lower of two", () => {
  expect(lowerRole("owner", "viewer")).toBe("viewer");
  expect(lowerRole("editor", "owner")).toBe("editor");
  expect(lowerRole("viewer", "editor")).toBe("viewer");
});
