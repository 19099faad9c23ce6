// One image: preview, what is known of it, its fields, links, and its deletion.
import { useEffect } from "preact/hooks";
import { call } from "../account.ts";
import { formatBytes, formatTime } from "../format.ts";
import { goTo } from "../router.ts";
import { useStore } from "../store.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorNotice, Loaded } from "../ui/states.tsx";
import { useAction, useRequest } from "../use-request.ts";
import { deleteImage } from "./deletion.ts";
import { ImageFields } from "./image-fields.tsx";
import { followPending, forget, type Image, images, keep } from "./library.ts";
import { LinkPanel } from "./link-panel.tsx";
import { Preview } from "./preview.tsx";

const STATUS: Readonly<Record<Image["status"], string>> = {
  uploading: "Uploading",
  pending: "Processing: the variants are being created",
  ready: "Ready",
  failed: "Failed",
  expired: "Expired: deleted after seven days",
};

function Facts({ image }: { image: Image }) {
  const { contentType, createdAt, height, metadata, reason, size, source, status, width } = image;
  const facts: readonly (readonly [string, string])[] = [
    ["Status", reason ? `${STATUS[status]}: ${reason}` : STATUS[status]],
    ["Original", `${width} × ${height} px, ${formatBytes(size)}, ${contentType.replace("image/", "").toUpperCase()}`],
    ["Uploaded", formatTime(createdAt)],
    ["Metadata", metadata === "kept" ? "kept, the position of a photo included" : "removed"],
    ...(source ? [["Source", source] as const] : []),
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Reprocess({ image: { id } }: { image: Image }) {
  const { error, isRunning, run } = useAction();
  const reprocess = () =>
    run(async () => {
      await call("image-reprocess", { params: { id } });
      keep([(await call("image-read", { params: { id } })).data as Image]);
    });
  return (
    <>
      {error && <ErrorNotice error={error} />}
      <button type="button" class="button" disabled={isRunning} onClick={() => void reprocess()}>
        Create the variants again
      </button>
    </>
  );
}

function Details({ image, etag }: { image: Image; etag: string }) {
  const remove = async () => {
    await deleteImage(image);
    goTo("images");
  };
  return (
    <div class="image-view">
      <div>
        <Preview image={image} />
        <Facts image={image} />
      </div>
      <div class="stack">
        <ImageFields image={image} etag={etag} />
        <LinkPanel image={image} />
        <section class="panel" aria-labelledby="manage">
          <h2 id="manage">Manage</h2>
          <div class="actions">
            <Reprocess image={image} />
            <button type="button" class="button danger" onClick={() => void remove()}>
              <Icon name="trash" />
              Delete
            </button>
          </div>
        </section>
      </div>
    </div>
  );
}

export function ImageView({ id }: { id: string }) {
  const request = useRequest(async () => {
    const { data, etag } = await call("image-read", { params: { id } });
    keep([data as Image]);
    return { etag: etag ?? "*" };
  }, id);
  const image = useStore(images).find((each) => each.id === id);
  useEffect(followPending, []);
  useEffect(() => {
    if ((request.error as { status?: number } | undefined)?.status === 404) forget(id);
  }, [request.error, id]);
  return (
    <>
      <a class="back" href="#/images">
        <Icon name="back" />
        Images
      </a>
      <h1 tabIndex={-1}>{image?.filename ?? "Image"}</h1>
      <Loaded request={request} label="Loading the image">
        {({ etag }) => image && <Details image={image} etag={etag} />}
      </Loaded>
    </>
  );
}
