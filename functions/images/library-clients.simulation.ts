// The clients of the model: they upload, commit, import, change, publish, delete and reprocess images, and know what they were
// answered.
import { AppError } from "../lib/errors.ts";
import { uploadBlobName } from "../lib/image.ts";
import type { Download } from "../lib/outgoing/download.ts";
import { deleteImage } from "./delete.ts";
import { importImage } from "./import.ts";
import type { Instance, World } from "./library.simulation.ts";
import { plainImage } from "./plain-decoder.fixture.ts";
import { reprocessImage } from "./reprocess.ts";
import { updateImage } from "./update.ts";
import { commitUpload } from "./upload-commit.ts";
import { createUploadLink } from "./upload-link.ts";
import { HOUR, MINUTE } from "./virtual-time.fixture.ts";

/** What clients know of an image: they have its id from a response. */
export type KnownImage = {
  readonly owner: string;
  readonly id: string;
  /** What was uploaded. */
  readonly content: string;
  /** Whether a client has requested its deletion, and whether one got 204. */
  isDeletionRequested: boolean;
  isDeleted: boolean;
};

/** Few, so that uploads are often equal. */
const OWNERS = ["ada", "ada", "ada", "grace"];
const CONTENTS = ["one", "one", "two"];

/** As the boundary calls a handler. */
const request = (owner: string, rest: object) =>
  ({ caller: { subject: owner, role: "owner" }, headers: new Headers({ "If-Match": "*" }), ...rest }) as never;

export function createClients(world: World) {
  const { time } = world;
  const known = new Map<string, KnownImage>();
  const violations: string[] = [];

  /** A response with the image of an upload. The upload began after `deleted` were gone. */
  function learn(image: Pick<KnownImage, "owner" | "id" | "content">, deleted: ReadonlySet<string>) {
    const { id, content } = image;
    const earlier = known.get(id);
    if (earlier && earlier.content !== content) violations.push(`an upload of ${content} got image ${id}`);
    if (deleted.has(id)) violations.push(`an upload got image ${id}, which was deleted before it began`);
    if (!earlier) known.set(id, { ...image, isDeletionRequested: false, isDeleted: false });
  }
  const deletedNow = () => new Set([...known.values()].filter(({ isDeleted }) => isDeleted).map(({ id }) => id));
  const idOf = ({ json }: { json?: unknown }) => (json as { id: string }).id;
  const uploaded = () => ({ owner: time.pick(OWNERS), content: time.pick(CONTENTS), deleted: deletedNow() });

  const operations: Record<string, (app: Instance) => Promise<unknown>> = {
    async upload({ intake }) {
      const { owner, content, deleted } = uploaded();
      const image = { owner, filename: `${content}.png`, bytes: plainImage(content) };
      const { record } = await intake.accept({ ...image, options: "unchanged" });
      learn({ owner, id: record.id, content }, deleted);
    },
    async import(app) {
      const { owner, content, deleted } = uploaded();
      const bytes = plainImage(content);
      const download: Download = (url, use) =>
        use({ url: new URL(url), contentLength: bytes.length, read: async () => plainImage(content) });
      const body = { url: `https://example.com/${content}.png`, optimize: false, quality: "high" };
      learn(
        { owner, id: idOf(await importImage.handler(request(owner, { body }), { ...app, download })), content },
        deleted,
      );
    },
    async directUpload(app) {
      const { owner, content, deleted } = uploaded();
      const bytes = plainImage(content);
      const body = { filename: "a.png", contentType: "image/png", size: bytes.length };
      const id = idOf(await createUploadLink.handler(request(owner, { body }), app));
      const client = world.staged.connect(world.outsider());
      const blob = { bytes, contentType: "image/png", cacheControl: "" };
      const openedAt = time.now();
      const sent = client.write(uploadBlobName({ owner, id }), blob, { once: true });
      const isSent = await sent.then(
        () => true,
        () => false,
      );
      const commit = async () => {
        const query = { optimize: "false", quality: "high" };
        const call = request(owner, { params: { id }, query });
        const committed = await commitUpload.handler(call, world.instance()).catch((error: Error) => {
          // Before the upload ends, what was sent is stored or can be committed again.
          if (isSent && time.now() < openedAt + HOUR && error.message.startsWith("Nothing was sent"))
            violations.push(`the direct upload ${id} was lost`);
          throw error;
        });
        learn({ owner, id: idOf(committed), content }, deleted);
      };
      await Promise.allSettled(time.chance(0.3) ? [commit(), commit()] : [commit()]);
      if (time.chance(0.5)) await commit();
    },
    async patch(app) {
      const image = time.pick([...known.values()]);
      if (!image) return;
      const body = { alt: `${image.content} ${time.now()}` };
      await updateImage.handler(request(image.owner, { params: { id: image.id }, body }), app as never);
    },
    async publish(app) {
      const image = time.pick([...known.values()]);
      if (!image) return;
      const body = { visibility: time.pick(["public", "public", "private"]) };
      await updateImage.handler(request(image.owner, { params: { id: image.id }, body }), app as never);
    },
    async delete(app) {
      const image = time.pick([...known.values()]);
      if (!image) return;
      image.isDeletionRequested = true;
      const { status } = await deleteImage.handler(request(image.owner, { params: { id: image.id } }), app);
      if (status === 204) image.isDeleted = true;
    },
    async reprocess(app) {
      const image = time.pick([...known.values()]);
      if (image) await reprocessImage.handler(request(image.owner, { params: { id: image.id } }), app as never);
    },
  };
  const names = [
    "upload",
    "upload",
    "upload",
    "import",
    "directUpload",
    "patch",
    "publish",
    "publish",
    "delete",
    "delete",
    "reprocess",
  ];

  /** Errors that a client may get; all others are defects. */
  const isDocumented = (error: unknown) =>
    error instanceof AppError && ["DEPENDENCY_UNAVAILABLE", "CONFLICT", "NOT_FOUND"].includes(error.code);
  return {
    known,
    violations,
    async act(): Promise<void> {
      const name = time.pick(names);
      // A client that gets no image, or no response in time, may send its request again.
      for (let left = time.chance(0.3) ? 3 : 1; left > 0; left--)
        try {
          await operations[name]?.(world.instance());
          return;
        } catch (error) {
          if (!isDocumented(error)) violations.push(`${name}: ${error instanceof Error ? error.stack : error}`);
          await time.sleep(time.random() * MINUTE);
        }
    },
  };
}
