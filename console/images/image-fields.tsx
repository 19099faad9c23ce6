// The fields of an image that its owner writes. Each is stored when it is left; a change made elsewhere is not overwritten.
import { useState } from "preact/hooks";
import { call } from "../account.ts";
import { ApiError } from "../api-error.ts";
import { formatDate } from "../format.ts";
import type { Input } from "../operations.ts";
import { Field, Select } from "../ui/field.tsx";
import { ErrorNotice } from "../ui/states.tsx";
import { useAction } from "../use-request.ts";
import { type Image, keep } from "./library.ts";

/** Days since the upload. */
const RETENTIONS = [
  ["90", "90 days"],
  ["180", "180 days"],
  ["365", "A year"],
  ["keep", "As long as I want"],
] as const satisfies readonly (readonly [Image["retention"], string])[];

const VISIBILITIES = [
  ["private", "Private: only through links that expire"],
  ["public", "Public: for everyone, and in the gallery"],
] as const satisfies readonly (readonly [Image["visibility"], string])[];

type Changes = Exclude<Input<"image-update">["body"], FormData | undefined>;

/** @returns undefined for a text that removes all tags */
const tagsOf = (text: string): string[] | null => {
  const tags = text
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  return tags.length === 0 ? null : tags;
};

export function ImageFields({ image, etag: firstEtag }: { image: Image; etag: string }) {
  const { id } = image;
  const [etag, setEtag] = useState(firstEtag);
  /** A change that another one came before. */
  const [conflict, setConflict] = useState<Changes | undefined>();
  const [saved, setSaved] = useState("");
  /** Counts how often the fields must show what is stored instead of what was typed. */
  const [version, setVersion] = useState(0);
  const { error, isRunning, run } = useAction();

  const save = (changes: Changes, label: string, ifMatch = etag) =>
    run(async () => {
      setSaved("");
      try {
        const result = await call("image-update", { params: { id }, body: changes, headers: { "If-Match": ifMatch } });
        keep([result.data]);
        setEtag(result.etag ?? "*");
        if (conflict) setVersion(version + 1);
        setConflict(undefined);
        setSaved(`${label} saved.`);
      } catch (thrown) {
        if (!(thrown instanceof ApiError) || thrown.status !== 412) throw thrown;
        // The fields show what is stored now, and the change waits for a decision.
        const current = await call("image-read", { params: { id } });
        keep([current.data as Image]);
        setEtag(current.etag ?? "*");
        setConflict(changes);
        setVersion(version + 1);
      }
    });
  /** Stores a text if it differs. */
  const saveText = (name: "alt" | "description", label: string, value: string) => {
    if (value !== (image[name] ?? "")) void save({ [name]: value === "" ? null : value }, label);
  };
  const tags = (image.tags ?? []).join(", ");
  return (
    <section class="panel" aria-labelledby="details" aria-busy={isRunning}>
      <div class="panel-head">
        <h2 id="details">Details</h2>
        <p class="hint" role="status">
          {isRunning ? "Saving…" : saved}
        </p>
      </div>
      {error && <ErrorNotice error={error} />}
      {conflict && (
        <div class="notice warning" role="alert">
          <p>The image was changed elsewhere meanwhile. The fields show it as it is now.</p>
          <div class="actions">
            <button type="button" class="button small" onClick={() => void save(conflict, "Your change")}>
              Store my change
            </button>
            <button type="button" class="button small quiet" onClick={() => setConflict(undefined)}>
              Discard it
            </button>
          </div>
        </div>
      )}
      <Field label="Alternative text" hint="What the image shows, for people who do not see it.">
        {(attributes) => (
          <textarea
            {...attributes}
            key={`alt ${version}`}
            rows={2}
            maxLength={500}
            defaultValue={image.alt ?? ""}
            onChange={({ currentTarget }) => saveText("alt", "Alternative text", currentTarget.value.trim())}
          />
        )}
      </Field>
      <Field label="Description" hint="For you only.">
        {(attributes) => (
          <textarea
            {...attributes}
            key={`description ${version}`}
            rows={2}
            maxLength={2_000}
            defaultValue={image.description ?? ""}
            onChange={({ currentTarget }) => saveText("description", "Description", currentTarget.value.trim())}
          />
        )}
      </Field>
      <Field label="Tags" hint="Separated by commas, at most 20.">
        {(attributes) => (
          <input
            {...attributes}
            key={`tags ${version}`}
            defaultValue={tags}
            onChange={({ currentTarget }) => void save({ tags: tagsOf(currentTarget.value) }, "Tags")}
          />
        )}
      </Field>
      <Select
        label="Visibility"
        value={image.visibility}
        options={VISIBILITIES}
        disabled={isRunning}
        onChange={(visibility) => void save({ visibility }, "Visibility")}
      />
      <Select
        label="Kept for"
        value={image.retention}
        options={RETENTIONS}
        disabled={isRunning}
        hint={image.expiresAt ? `Expires ${formatDate(image.expiresAt)}, and is deleted a week later.` : undefined}
        onChange={(retention) => void save({ retention }, "Retention")}
      />
    </section>
  );
}
