// The cursor of a list: base64url of its version, position and filter. Not signed: owner and permission come from the token.
import { z } from "zod";
import { imageStatuses } from "../lib/image.ts";
import { type ImageFilter, type ListPosition, MAX_SPAN_MS } from "./image-list.ts";

const VERSION = 1;
/** An id, or the part of an id that is its time. */
const BEFORE = /^[0-9a-f]{8}-[0-9a-f]{4}(-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})?$/;

const content = z.tuple([
  z.literal(VERSION),
  z.string().regex(BEFORE).nullable(),
  z.int().min(1).max(MAX_SPAN_MS),
  z.string().nullable(),
  z.enum(imageStatuses).nullable(),
]);

export type ListCursor = { readonly position: ListPosition; readonly filter: ImageFilter };

export function encodeCursor({ filter, position }: ListCursor): string {
  const parts: z.input<typeof content> = [
    VERSION,
    position.before ?? null,
    position.span,
    filter.tag ?? null,
    filter.status ?? null,
  ];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** @returns undefined for a text that `encodeCursor` does not return */
export function decodeCursor(text: string): ListCursor | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    const [, before, span, tag, status] = content.parse(json);
    return {
      position: { before: before ?? undefined, span },
      filter: { tag: tag ?? undefined, status: status ?? undefined },
    };
  } catch {
    return undefined;
  }
}
