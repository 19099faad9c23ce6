// A JPEG of just under 10 MiB, the most that an upload may have unless set otherwise.
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { once, photograph } from "../thumbnail/pictures.ts";

const MOST = 10 * 2 ** 20;
/** These come to 9.7 MiB. */
const SIZE = { width: 6000, height: 5000 };
const QUALITY = 96;

async function make(): Promise<Buffer> {
  const picture = await (await photograph(SIZE)).jpeg({ quality: QUALITY }).toBuffer();
  if (picture.byteLength > MOST) throw new Error(`The picture has ${picture.byteLength} bytes: lower its quality.`);
  return picture;
}

/** @param dir where it is kept */
export async function uploadPicture(dir: string): Promise<{ file: string; bytes: number; megapixels: number }> {
  await mkdir(dir, { recursive: true });
  const file = await once(join(dir, "upload.jpg"), make);
  return { file, bytes: (await stat(file)).size, megapixels: (SIZE.width * SIZE.height) / 1e6 };
}

const BOUNDARY = "----vitae-bench";

/** Writes a multipart form with that file next to it. @returns the form's file and its content type */
export async function writeForm(image: string): Promise<{ type: string; file: string }> {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`;
  const file = `${image}.form`;
  await writeFile(
    file,
    Buffer.concat([Buffer.from(head), await readFile(image), Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]),
  );
  return { type: `multipart/form-data; boundary=${BOUNDARY}`, file };
}
