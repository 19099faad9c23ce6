// POST /v1/uploads: opens a direct upload and returns the link to which the client sends the image.
import { randomUUIDv7 } from "node:crypto";
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { contentTypes } from "./image-format.ts";
import type { Intake } from "./intake.ts";
import { MAX_OPEN, type UploadRows } from "./upload-rows.ts";

/** An upload that is not committed by then is removed. */
const OPEN_MS = 60 * 60_000;

const types = Object.values(contentTypes) as [string, ...string[]];

const uploadResponse = z
  .object({
    id: z.guid(),
    url: z.url().meta({ description: "URL of the upload. It works once, without authentication, until it expires." }),
    method: z.literal("PUT"),
    headers: z.record(z.string(), z.string()).meta({ description: "Headers that the request to `url` must have." }),
    expiresAt: z.iso.datetime().meta({ description: "Until when `url` works: ten minutes." }),
  })
  .meta({ id: "Upload", description: "An open upload: where and how to send the image." });

type LinkDeps = {
  readonly intake: Pick<Intake, "maxBytes">;
  readonly uploads: Pick<UploadRows, "open">;
  readonly issueUploadLink: (upload: { owner: string; id: string }) => Promise<{ url: string; expiresAt: number }>;
};

export const createUploadLink = guardedOperation({
  tag: "Images",
  summary: "Open a direct upload",
  description: `Returns a URL to which the image is sent, to the storage and not to the API. Then commit the upload, which checks the image and stores it. An upload that is not committed within an hour is removed. At most ${MAX_OPEN} uploads of an owner can be open.`,
  body: z.strictObject({
    filename: z.string().min(1, "must not be empty").max(1_024, "must have at most 1024 characters"),
    contentType: z.enum(types, `must be one of ${types.join(", ")}`),
    size: z.int("must be a whole number of bytes").min(1, "must be at least 1").meta({ description: "Bytes." }),
  }),
  responses: { 201: { description: "The upload is open.", schema: uploadResponse } },
  errors: ["PAYLOAD_TOO_LARGE", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    VALIDATION_FAILED: "body.size must be at least 1, received 0: send for example 48213.",
    PAYLOAD_TOO_LARGE: "An image must have at most 10485760 bytes, received size 20000000: send a smaller one.",
    CONFLICT: `You may have ${MAX_OPEN} open uploads, and this would be one more: commit one, or try again when the oldest is an hour old.`,
  },
  example: {
    body: { filename: "portrait.jpg", contentType: "image/jpeg", size: 48213 },
    response: {
      id: "0193a1c2-5b7e-7000-8000-2f6b1d9c4e83",
      url: "https://media.example.com/uploads/owner/0193a1c2-5b7e-7000-8000-2f6b1d9c4e83?sp=c&sig=abc",
      method: "PUT",
      headers: { "x-ms-blob-type": "BlockBlob", "Content-Type": "image/jpeg" },
      expiresAt: "2026-11-21T09:10:00.000Z",
    },
  },
  handler: async (
    { caller: { subject: owner }, body: { filename, contentType, size } },
    { intake, uploads, issueUploadLink }: LinkDeps,
  ) => {
    const { maxBytes } = intake;
    if (size > maxBytes)
      throw new AppError(
        "PAYLOAD_TOO_LARGE",
        `An image must have at most ${maxBytes} bytes, received size ${size}: send a smaller one.`,
      );
    const id = randomUUIDv7();
    // Before the row, which would count as open without a link.
    const { url, expiresAt } = await issueUploadLink({ owner, id });
    await uploads.open({ id, owner, filename, size, endsAt: Date.now() + OPEN_MS });
    const headers = { "x-ms-blob-type": "BlockBlob", "Content-Type": contentType };
    const json = { id, url, method: "PUT", headers, expiresAt: new Date(expiresAt).toISOString() };
    return { status: 201, json };
  },
});
