// The timer that removes direct uploads, against Azurite.
import { beforeEach, expect, it } from "vitest";
import { consoleLog } from "../lib/log.ts";
import { images, openDirectUploads, staged, uploads } from "./direct-upload.fixture.ts";
import { newOwner } from "./intake.fixture.ts";
import { cleanUpUploads } from "./uploads-clean-up.ts";

const HOUR = 3_600_000;
let owner: string;
beforeEach(() => {
  owner = newOwner();
});
const { commit, isStaged, open, send } = openDirectUploads(() => owner);

/** The timer, for the uploads of this test: others share the table. */
function cleanUp(now: number) {
  const own = {
    ...uploads,
    async *ended(at: number) {
      for await (const page of uploads.ended(at)) yield page.filter((upload) => upload.owner === owner);
    },
  };
  return cleanUpUploads({ uploads: own, staged }, { log: consoleLog, runMs: 60_000, now });
}

it("removes an upload after an hour, with what was sent and its snapshots, and keeps younger ones and images", async () => {
  const [committed, sent, empty] = [await open(), await open(), await open()];
  await send(committed);
  const { id } = JSON.parse((await commit(committed.id)).text);
  await send(sent);
  const snapshot = await fetch(`${sent.url}&comp=snapshot`, { method: "PUT" });
  expect(snapshot.status).toBe(201);
  await cleanUp(Date.now());
  expect(await isStaged(sent)).toBe(true);
  expect(JSON.parse((await commit(committed.id)).text).id).toBe(id);
  await cleanUp(Date.now() + HOUR + 1_000);
  expect(await isStaged(sent)).toBe(false);
  for (const each of [committed, sent, empty]) expect(await uploads.find(owner, each.id)).toBeUndefined();
  expect(await images.find(owner, id)).toMatchObject({ id });
});
