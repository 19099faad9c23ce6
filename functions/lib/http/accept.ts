// Chooses the content type and the encoding of a response by the Accept headers.
import Negotiator from "negotiator";

/**
 * A type may have parameters: a client that names others does not accept it. The first type wins where the client has no
 * preference, and where it accepts none of them: its number is worth more than a 406.
 */
export function preferredType<T extends string>(headers: Headers, types: readonly [T, ...T[]]): T {
  const accept = headers.get("accept");
  if (accept === null) return types[0];
  return (new Negotiator({ headers: { accept } }).mediaType([...types]) as T | undefined) ?? types[0];
}

/** Whether the client decompresses gzip. A client that names no encoding need not. */
export function acceptsGzip(headers: Headers): boolean {
  const encodings = headers.get("accept-encoding");
  return (
    encodings !== null && new Negotiator({ headers: { "accept-encoding": encodings } }).encodings(["gzip"]).length > 0
  );
}
