// A large variant of an image, through a link of its own.
import { useEffect, useRef } from "preact/hooks";
import { call } from "../account.ts";
import { Loaded } from "../ui/states.tsx";
import { useRequest } from "../use-request.ts";
import type { Image } from "./library.ts";

const SECONDS = 3_600;

/** The widest WebP, which every browser shows; else the widest variant. */
function previewOf({ variants = [] }: Image): string | undefined {
  const byWidth = variants.toSorted((one, other) => other.width - one.width);
  return (byWidth.find(({ format }) => format === "webp") ?? byWidth[0])?.name;
}

export function Preview({ image }: { image: Image }) {
  const { alt, dominantColor, height, id, width } = image;
  const variant = previewOf(image);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.style.setProperty("--colour", dominantColor ?? "transparent");
    box.current?.style.setProperty("--ratio", `${width} / ${height}`);
  }, [dominantColor, width, height]);
  const link = useRequest(
    async () => {
      if (variant === undefined) return undefined;
      const body = { imageId: id, variant, expiresIn: SECONDS, stable: true };
      const { data } = await call("sas-issue", { body });
      return "url" in data ? data.url : undefined;
    },
    `${id} ${variant ?? ""}`,
  );
  return (
    <div class="preview" ref={box}>
      <Loaded request={link} label="Loading the preview">
        {(url) => <img src={url} alt={alt ?? ""} />}
      </Loaded>
      {variant === undefined && <p class="hint">There is no preview yet.</p>}
    </div>
  );
}
