// Links to an image that anyone can open until they expire, and the HTML that embeds it.
import { useId, useState } from "preact/hooks";
import { call } from "../account.ts";
import { formatTime } from "../format.ts";
import { copyText } from "../ui/copy.ts";
import { Select } from "../ui/field.tsx";
import { Icon } from "../ui/icon.tsx";
import { ErrorNotice } from "../ui/states.tsx";
import { useAction } from "../use-request.ts";
import type { Image } from "./library.ts";

const EXPIRIES = [
  ["3600", "1 hour"],
  ["86400", "1 day"],
  ["259200", "3 days"],
  ["518400", "6 days"],
] as const;
type Expiry = (typeof EXPIRIES)[number][0];

/** Without `expiresAt`, it is valid as long as the image is public. */
type Copied = { readonly text: string; readonly expiresAt?: string | undefined; readonly isPicture: boolean };

/** What was copied, also to select it where copying fails. */
function CopiedText({ copied: { expiresAt, isPicture, text } }: { copied: Copied }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{isPicture ? "HTML" : "Link"}</label>
      <textarea id={id} class="code" readOnly rows={isPicture ? 4 : 2} value={text} />
      <p class="hint">
        {expiresAt
          ? `Expires ${formatTime(expiresAt)}. Until then anyone who has it can see the image, without signing in.`
          : "Does not expire: anyone can see the image as long as it is public."}
      </p>
    </div>
  );
}

export function LinkPanel({ image }: { image: Image }) {
  const { id, variants = [], visibility } = image;
  const [variant, setVariant] = useState("original");
  const [expiry, setExpiry] = useState<Expiry>("86400");
  const [copied, setCopied] = useState<Copied | undefined>();
  const { error, isRunning, run } = useAction();

  const copyLink = () =>
    run(async () => {
      const { data } = await call("sas-issue", { body: { imageId: id, variant, expiresIn: Number(expiry) } });
      if (!("url" in data)) return;
      setCopied({ text: data.url, expiresAt: data.expiresAt, isPicture: false });
      await copyText(data.url, "Link");
    });
  const copyPicture = () =>
    run(async () => {
      const expires = visibility === "public" ? undefined : expiry;
      const { data } = await call("image-read", { params: { id }, query: { embed: "picture", expires } });
      if (!("html" in data)) return;
      setCopied({ text: data.html, expiresAt: data.expiresAt, isPicture: true });
      await copyText(data.html, "HTML");
    });
  return (
    <section class="panel" aria-labelledby="links">
      <h2 id="links">Share</h2>
      <div class="row">
        <Select
          label="File"
          value={variant}
          options={[
            ["original", "Original"],
            ...variants.map(
              ({ name, width, height, format }) => [name, `${width} × ${height}, ${format.toUpperCase()}`] as const,
            ),
          ]}
          onChange={setVariant}
        />
        <Select label="Expires after" value={expiry} options={EXPIRIES} onChange={setExpiry} />
      </div>
      <div class="actions">
        <button type="button" class="button primary" disabled={isRunning} onClick={() => void copyLink()}>
          <Icon name="copy" />
          Copy link
        </button>
        <button
          type="button"
          class="button"
          disabled={isRunning || variants.length === 0}
          onClick={() => void copyPicture()}
        >
          Copy &lt;picture&gt;
        </button>
      </div>
      {error && <ErrorNotice error={error} />}
      {copied && <CopiedText copied={copied} />}
    </section>
  );
}
