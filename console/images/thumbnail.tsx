// The small variant of an image, on its own colour until it has loaded.
import { useEffect, useRef } from "preact/hooks";
import { useStore } from "../store.ts";
import type { Image } from "./library.ts";
import { thumbnails } from "./thumbnails.ts";

const LABELS: Partial<Record<Image["status"], string>> = {
  pending: "Processing",
  failed: "Failed",
  expired: "Expired",
};

export function Thumbnail({ image }: { image: Image }) {
  const { alt, dominantColor, id, status, visibility } = image;
  const box = useRef<HTMLDivElement>(null);
  const link = useStore(thumbnails).get(id);
  useEffect(() => {
    // Through the object model: the policy of the page permits no style attributes.
    box.current?.style.setProperty("--colour", dominantColor ?? "transparent");
  }, [dominantColor]);
  return (
    <div class="thumbnail" ref={box}>
      {link && <img src={link.url} alt={alt ?? ""} loading="lazy" decoding="async" />}
      {visibility === "public" && <span class="badge good public">Public</span>}
      {LABELS[status] && <span class={`badge ${status}`}>{LABELS[status]}</span>}
    </div>
  );
}
