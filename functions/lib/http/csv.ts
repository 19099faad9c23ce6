// Reads a CSV body record by record, so that its memory is that of one record.
import { pipeline, Readable } from "node:stream";
import { AppError } from "../errors.ts";
import { beforeDeadline, bodyEndedEarly, requireType } from "./body.ts";
import { placeOf, throwValidationError } from "./validation-issues.ts";

export type CsvRecord = {
  readonly fields: readonly string[];
  /** Of its end, from 1: a field in quotes may have several lines. */
  readonly line: number;
};

export type CsvBody = {
  readonly headers: Headers;
  /** Bytes, as Node.js's server received it. 0 if unknown. */
  readonly contentLength: number;
  readonly stream: AsyncIterable<Uint8Array>;
};

/** Bytes. A quotation mark that is never closed would make one record of the rest of the body. */
const MAX_RECORD = 64 * 1024;

/** @throws {AppError} VALIDATION_FAILED for a line of the body */
export const rejectLine = (line: number, message: string, cause?: unknown): never =>
  throwValidationError([{ path: placeOf("body", ["line", line]), message }], cause);

async function* atMost(stream: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of beforeDeadline(stream)) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

const tooLarge = (maxBytes: number) =>
  new AppError(
    "PAYLOAD_TOO_LARGE",
    `A CSV body must have at most ${maxBytes} bytes, received more: send a part of it.`,
  );

/**
 * Skips empty lines and a byte order mark.
 * @throws {AppError} UNSUPPORTED_MEDIA_TYPE unless it is declared as CSV in UTF-8, PAYLOAD_TOO_LARGE, VALIDATION_FAILED when
 *   it is no CSV, incomplete or too slow
 */
export async function* readCsv(
  { headers, contentLength, stream }: CsvBody,
  { maxBytes }: { readonly maxBytes: number },
): AsyncGenerator<CsvRecord> {
  requireType(headers, { pattern: /^text\/csv$/, name: "CSV in UTF-8", example: "text/csv" });
  if (contentLength > maxBytes) throw tooLarge(maxBytes);
  // Loaded at the first import, since counting a visit must not wait for it.
  const { CsvError, parse } = await import("csv-parse");
  const parser = parse({
    bom: true,
    info: true,
    max_record_size: MAX_RECORD,
    record_delimiter: ["\r\n", "\n"],
    relax_column_count: true,
    skip_empty_lines: true,
  });
  try {
    // The iteration gets the error of any part.
    const records = pipeline(Readable.from(atMost(stream, maxBytes)), parser, () => undefined);
    for await (const { record, info } of records as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { fields: record, line: info.lines };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    if (!(cause instanceof CsvError)) throw bodyEndedEarly(cause);
    const line = typeof cause.lines === "number" ? cause.lines : 1;
    rejectLine(
      line,
      `must be CSV (RFC 4180) with at most ${MAX_RECORD} bytes a record, received something else: check its quotation marks.`,
      cause,
    );
  }
}
