// Photo-like images for the benches, generated once and kept in .local/bench-images.
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { photo, type Size } from "../functions/images/test-images.fixture.ts";

export type ImageFile = Size & { readonly format: "JPEG" | "PNG"; readonly file: string };

/** @param root of the sources */
export async function imageFile(
  root: string,
  { width, height }: Size,
  { format = "JPEG", quality = 90 }: { format?: ImageFile["format"]; quality?: number } = {},
): Promise<ImageFile> {
  const dir = join(root, ".local", "bench-images");
  const file = join(dir, format === "JPEG" ? `${width}x${height}-${quality}.jpg` : `${width}x${height}.png`);
  if (!existsSync(file)) {
    await mkdir(dir, { recursive: true });
    const image = await photo({ width, height });
    await writeFile(`${file}.new`, await (format === "JPEG" ? image.jpeg({ quality }) : image.png()).toBuffer());
    await rename(`${file}.new`, file);
  }
  return { width, height, format, file };
}
