// A part: uploads one file over and over, so many at a time, as a raw body or as a form.
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { answerQuestions } from "../part.ts";
import { percentile } from "../statistics.ts";

export type UploadQuestion = {
  readonly url: string;
  readonly token: string;
  readonly file: string;
  readonly kind: "raw" | "form";
  readonly atOnce: number;
  readonly uploads: number;
};
/** Milliseconds; uploads that were answered otherwise than 201 count as failed. */
export type Uploaded = { readonly ms: number; readonly p50: number; readonly max: number; readonly failed: number };

const BOUNDARY = "----vitae-bench";

function bodyOf(kind: UploadQuestion["kind"], picture: Buffer): { type: string; body: Buffer } {
  if (kind === "raw") return { type: "image/jpeg", body: picture };
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), picture, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
  return { type: `multipart/form-data; boundary=${BOUNDARY}`, body };
}

async function upload({ url, token, file, kind, atOnce, uploads }: UploadQuestion): Promise<Uploaded> {
  const { type, body } = bodyOf(kind, await readFile(file));
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const headers = { authorization: `Bearer ${token}`, "content-type": type, "content-length": body.byteLength };
  const post = () =>
    new Promise<number>((resolve, reject) => {
      const outgoing = request(url, { method: "POST", agent, headers }, (answer) => {
        answer.resume().once("end", () => resolve(answer.statusCode ?? 0));
      });
      outgoing.once("error", reject);
      outgoing.end(body);
    });

  const latencies: number[] = [];
  let left = uploads;
  let failed = 0;
  async function client() {
    while (left-- > 0) {
      const asked = performance.now();
      const status = await post().catch(() => 0);
      latencies.push(performance.now() - asked);
      if (status !== 201) failed++;
    }
  }
  const began = performance.now();
  await Promise.all(Array.from({ length: atOnce }, client));
  const ms = performance.now() - began;
  agent.destroy();
  return { ms, p50: percentile(latencies, 0.5), max: percentile(latencies, 1), failed };
}

answerQuestions<UploadQuestion, Uploaded>(upload);
