// Chooses the content type of a response by the Accept header.
import Negotiator from "negotiator";

/**
 * A type may have parameters: a client that names others does not accept it. The first type wins where the client has no preference, and where it accepts none of them: its number is worth more than
 * a 406.
 */
export function preferredType<T extends string>(headers: Headers, types: readonly [T, ...T[]]): T {
  const accept = headers.get("accept");
  if (accept === null) return types[0];
  return (new Negotiator({ headers: { accept } }).mediaType([...types]) as T | undefined) ?? types[0];
}
