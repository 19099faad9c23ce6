// The image library: upload, search by tag, and all images, newest first.
import { useEffect, useState } from "preact/hooks";
import { call } from "../account.ts";
import { useStore } from "../store.ts";
import { Icon } from "../ui/icon.tsx";
import { Empty, ErrorNotice, Loading } from "../ui/states.tsx";
import { useAction } from "../use-request.ts";
import { followPending, hidden, type Image, images, keep } from "./library.ts";
import { Thumbnail } from "./thumbnail.tsx";
import { loadThumbnails } from "./thumbnails.ts";
import { UploadPanel } from "./upload-panel.tsx";

const PAGE = 24;
/** A page may be empty although more follow. */
const MAX_PAGES = 10;

function Card({ image }: { image: Image }) {
  const { filename, id, tags = [] } = image;
  return (
    <li class="card-image">
      <a href={`#/images/${id}`}>
        <Thumbnail image={image} />
        <span class="card-name">{filename}</span>
      </a>
      {tags.length > 0 && (
        <ul class="tags" aria-label={`Tags of ${filename}`}>
          {tags.slice(0, 4).map((tag) => (
            <li key={tag}>
              <a class="tag" href={`#/images?tag=${encodeURIComponent(tag)}`}>
                {tag}
              </a>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

/** Reads pages until one has images, or the list ends. */
async function readPages(tag: string, start: string | undefined): Promise<{ read: Image[]; next: string | undefined }> {
  let cursor = start;
  const read: Image[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = { limit: PAGE, ...(tag && { tag }), ...(cursor && { cursor }) };
    const { data } = await call("image-list", { query });
    read.push(...data.images);
    cursor = data.nextCursor;
    if (cursor === undefined || read.length >= PAGE / 2) break;
  }
  return { read, next: cursor };
}

function TagSearch({ tag }: { tag: string }) {
  function search(event: SubmitEvent): void {
    event.preventDefault();
    const value = String(new FormData(event.currentTarget as HTMLFormElement).get("tag")).trim();
    location.hash = value === "" ? "#/images" : `#/images?tag=${encodeURIComponent(value)}`;
  }
  return (
    <search>
      <form class="search" onSubmit={search}>
        <Icon name="search" />
        <input key={tag} name="tag" type="search" defaultValue={tag} placeholder="Search by tag" aria-label="Tag" />
        <button type="submit" class="hidden">
          Search
        </button>
      </form>
    </search>
  );
}

export function ImagesView({ tag }: { tag: string }) {
  const [next, setNext] = useState<string | undefined>();
  const [isComplete, setComplete] = useState(false);
  const { error, isRunning, run } = useAction();
  const gone = useStore(hidden);
  const shown = useStore(images).filter(
    ({ id, tags = [] }) => !gone.has(id) && (tag === "" || tags.includes(tag.normalize("NFC").toLowerCase().trim())),
  );
  const load = (cursor?: string) =>
    run(async () => {
      const page = await readPages(tag, cursor);
      keep(page.read);
      setNext(page.next);
      setComplete(page.next === undefined);
    });
  useEffect(() => {
    setComplete(false);
    setNext(undefined);
    void load();
  }, [tag]);
  useEffect(followPending, []);
  useEffect(() => void loadThumbnails(shown));
  return (
    <>
      <div class="view-head">
        <h1 tabIndex={-1}>Images</h1>
        <TagSearch tag={tag} />
      </div>
      <UploadPanel />
      {tag !== "" && (
        <p class="filter">
          Images with the tag <strong>{tag}</strong> · <a href="#/images">Show all</a>
        </p>
      )}
      {shown.length > 0 && (
        <ul class="grid" aria-label="Images">
          {shown.map((image) => (
            <Card key={image.id} image={image} />
          ))}
        </ul>
      )}
      {error && <ErrorNotice error={error} onRetry={() => void load(next)} />}
      {isRunning && <Loading label="Loading images" />}
      {!isRunning && !error && isComplete && shown.length === 0 && (
        <Empty title={tag === "" ? "No images yet" : `No image has the tag “${tag}”`}>
          <p>{tag === "" ? "Images that you upload appear here." : "Tags are changed in the view of an image."}</p>
        </Empty>
      )}
      {!isRunning && next !== undefined && (
        <p class="more">
          <button type="button" class="button" onClick={() => void load(next)}>
            Load more
          </button>
        </p>
      )}
    </>
  );
}
