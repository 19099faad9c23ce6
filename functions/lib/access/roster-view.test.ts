// The age of an instance's roster by two clocks, and how often it reads the table.
import { expect, it } from "vitest";
import type { Roster } from "./roster.ts";
import { createRosterView } from "./roster-view.ts";

const unavailable = expect.objectContaining({ code: "DEPENDENCY_UNAVAILABLE" });
const user = (id: string) =>
  ({ id, email: id, role: "viewer", tier: "free", state: "active", validFrom: 0, createdAt: 0 }) as const;

function openView() {
  const state = {
    time: 0,
    wall: 0,
    reads: 0,
    roster: [user("ada")] as Roster,
    error: undefined as Error | undefined,
    stalled: undefined as Promise<void> | undefined,
  };
  const view = createRosterView({
    async read() {
      state.reads++;
      await state.stalled;
      if (state.error) throw state.error;
      return state.roster;
    },
    monotonic: () => state.time,
    wall: () => state.time + state.wall,
  });
  return { state, view };
}

it("reads once in 30 seconds for concurrent callers", async () => {
  const { state, view } = openView();
  await Promise.all(Array.from({ length: 50 }, () => view.find("ada")));
  state.time = 29_999;
  await view.find("ada");
  expect(state.reads).toBe(1);
  state.time = 30_000;
  await Promise.all([view.find("ada"), view.find("ada")]);
  expect(state.reads).toBe(2);
});

it("uses the last roster for 60 seconds while the table fails, then fails, and recovers with the table", async () => {
  const { state, view } = openView();
  await view.find("ada");
  state.error = new Error("down");
  for (state.time = 30_000; state.time < 60_000; state.time += 100) {
    expect(await view.find("ada")).toBeDefined();
    // The read in the background ends.
    await new Promise(setImmediate);
  }
  expect(state.reads).toBe(1 + 30);
  await expect(view.find("ada")).rejects.toEqual(unavailable);
  state.error = undefined;
  state.time += 1_000;
  expect(await view.find("ada")).toBeDefined();
});

it("makes no caller wait for a table that has stalled once, while the last roster is usable", async () => {
  const { state, view } = openView();
  await view.find("ada");
  state.time = 30_000;
  state.error = new Error("down");
  expect(await view.find("ada")).toBeDefined();
  state.time += 1_000;
  state.stalled = new Promise(() => {});
  expect(await Promise.all([view.find("ada"), view.find("ada")])).toMatchObject([{ id: "ada" }, { id: "ada" }]);
  expect(state.reads).toBe(3);
});

it("fails while nothing was ever read, with one read a second", async () => {
  const { state, view } = openView();
  state.error = new Error("down");
  for (; state.time < 2_000; state.time += 100) await expect(view.find("ada")).rejects.toEqual(unavailable);
  expect(state.reads).toBe(2);
});

it("reads again for an unknown id, once a second, and then finds a user who was just created", async () => {
  const { state, view } = openView();
  await view.find("ada");
  state.roster = [...state.roster, user("bob")];
  for (; state.time < 1_000; state.time += 100) expect(await view.find("bob")).toBeUndefined();
  expect(state.reads).toBe(1);
  expect(await view.find("bob")).toBeDefined();
  state.time += 1_000;
  state.error = new Error("down");
  await expect(view.find("eve")).rejects.toEqual(unavailable);
  expect(await view.find("bob")).toBeDefined();
});

it("takes a roster that was written here, and ignores a slower read that began before it", async () => {
  const { state, view } = openView();
  await view.find("ada");
  state.time = 10;
  view.accept([user("bob")], 5);
  view.accept([user("ada")], 4);
  expect(await view.find("bob")).toBeDefined();
  expect(state.reads).toBe(1);
});

it("counts the time in which the instance was suspended", async () => {
  const { state, view } = openView();
  await view.find("ada");
  state.wall = 60_000;
  state.error = new Error("down");
  await expect(view.find("ada")).rejects.toEqual(unavailable);
});
