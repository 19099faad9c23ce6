// Where images are dropped or chosen, and the uploads with their progress.
import { useCallback, useRef } from "preact/hooks";
import { formatBytes } from "../format.ts";
import { useStore } from "../store.ts";
import { Icon } from "../ui/icon.tsx";
import { useDroppedFiles } from "./drop.ts";
import { type Image, uploadQueue, uploads } from "./library.ts";
import type { Upload } from "./upload-queue.ts";

const TYPES = "image/jpeg,image/png,image/webp,image/avif,image/gif";

const STATES: Readonly<Record<Upload<Image>["state"], string>> = {
  queued: "Waiting for its turn",
  sending: "Uploading",
  waiting: "The API is busy: waiting",
  done: "Uploaded",
  failed: "Failed",
};

function UploadRow({ upload }: { upload: Upload<Image> }) {
  const { error, file, id, progress, result, state } = upload;
  const percent = Math.round(progress * 100);
  // All bytes are sent, and the API checks and optimises the image.
  const isProcessing = state === "sending" && progress === 1;
  return (
    <li class={`upload ${state}`}>
      <div class="upload-text">
        <p class="upload-name">{result ? <a href={`#/images/${result.id}`}>{file.name}</a> : file.name}</p>
        <p class="hint">
          {formatBytes(file.size)} · {isProcessing ? "Checking" : STATES[state]}
          {error && `: ${error}`}
        </p>
        {state !== "done" && state !== "failed" && (
          <progress
            max={100}
            value={isProcessing ? undefined : percent}
            aria-label={`Upload of ${file.name}`}
            aria-valuetext={isProcessing ? "Checking" : `${percent} %`}
          />
        )}
      </div>
      {state === "failed" && (
        <button type="button" class="button small" onClick={() => uploadQueue.retry(id)}>
          Retry <span class="hidden">{file.name}</span>
        </button>
      )}
      <button type="button" class="button icon-only quiet" onClick={() => uploadQueue.remove(id)}>
        <Icon name="close" />
        <span class="hidden">
          {state === "done" || state === "failed" ? "Remove from the list" : "Cancel"}: {file.name}
        </span>
      </button>
    </li>
  );
}

/** Spoken when it changes. */
function summaryOf(list: readonly Upload<Image>[]): string {
  const count = (state: Upload<Image>["state"]) => list.filter((each) => each.state === state).length;
  const [done, failed] = [count("done"), count("failed")];
  return `${done} of ${list.length} uploaded${failed > 0 ? `, ${failed} failed` : ""}`;
}

export function UploadPanel() {
  const list = useStore(uploads);
  const input = useRef<HTMLInputElement>(null);
  const add = useCallback((files: readonly File[]) => uploadQueue.add(files), []);
  const isOver = useDroppedFiles(add);
  const clear = () => {
    for (const { id, state } of list) if (state === "done" || state === "failed") uploadQueue.remove(id);
  };
  return (
    <section aria-label="Upload">
      <div class={`dropzone${isOver ? " over" : ""}`}>
        <Icon name="upload" />
        <p>
          {isOver ? "Release to upload" : "Drop or paste images here, or"}{" "}
          <button type="button" class="link" onClick={() => input.current?.click()}>
            choose files
          </button>
        </p>
        <p class="hint">JPEG, PNG, WebP, AVIF or GIF. Metadata, such as the position, is removed.</p>
        <input
          ref={input}
          class="hidden"
          type="file"
          multiple
          accept={TYPES}
          tabIndex={-1}
          aria-label="Images to upload"
          onChange={({ currentTarget }) => {
            add([...(currentTarget.files ?? [])]);
            // The same file can be chosen again.
            currentTarget.value = "";
          }}
        />
      </div>
      <p class="hidden" role="status">
        {list.length > 0 && summaryOf(list)}
      </p>
      {list.length > 0 && (
        <div class="uploads">
          <div class="uploads-head">
            <h2>{summaryOf(list)}</h2>
            <button type="button" class="button small quiet" onClick={clear}>
              Clear the list
            </button>
          </div>
          <ul>
            {list.map((upload) => (
              <UploadRow key={upload.id} upload={upload} />
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
