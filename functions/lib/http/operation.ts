// What a route does: its schemas, its example and its handler, in one value that the boundary, OpenAPI and tests read.
import type { Cookie } from "@azure/functions";
import type { z } from "zod";
import type { Caller } from "../access/permissions.ts";
import type { ErrorCode } from "../errors.ts";

/** Headings of the OpenAPI document, in the order in which it lists them. */
export const tags = {
  Visits: "Count the visits of a page and read the count.",
  Images: "The owner's image library.",
  Links: "Expiring links to images, for people without an account.",
  Accounts: "Sign in, sessions and users.",
  Keys: "The keys that sign access tokens.",
  Service: "Health, version, metrics and this document.",
} as const;
export type Tag = keyof typeof tags;

export type OperationRequest<P, Q, B, C> = {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** Bytes, as Node.js's server received it: clients cannot forge it, unlike `headers`. 0 if unknown. */
  readonly contentLength: number;
  /** An IPv4 address, the /64 of an IPv6 address, or UNKNOWN of forged-headers.ts. Never log or store it. */
  readonly address: () => Promise<string>;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Those that the operation declares, by name; a missing one has no entry. */
  readonly cookies: Readonly<Record<string, string>>;
  /** Undefined on public routes, set on all others. */
  readonly caller: C;
  /** The unread body, for an operation that declares `upload` or `csv`. Stopping early does not end the connection. */
  readonly stream: AsyncIterable<Uint8Array>;
};

export type OperationResponse = {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Instead of JSON; `headers` then include Content-Type. */
  readonly text?: string;
  /** Instead of JSON and text, also compressed; `headers` then include Content-Type. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Not as a header: the library keeps only one header Set-Cookie. */
  readonly cookies?: readonly Cookie[];
};

/** `{error, error_description, trace_id}` of RFC 6749 section 5.2. */
export type ErrorShape = "oauth";

type ResponseDoc = {
  readonly description: string;
  /** From status 400 up: the fields in addition to `error`. */
  readonly schema?: z.ZodType;
  /** Content type. @default application/json */
  readonly type?: string;
  /** From status 400 up: an example of those fields. */
  readonly example?: Readonly<Record<string, unknown>>;
  /** Further content types, by name, which the client chooses by its Accept header. */
  readonly also?: Readonly<Record<string, { readonly schema: z.ZodType; readonly example: unknown }>>;
  /** Headers in addition to those of every response. */
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly example: string }>>;
};

type Responses = Readonly<Record<number, ResponseDoc>>;

/** `R` has the schemas of the responses, for clients that are typed by the operation. */
export type Operation<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  D,
  C,
  R extends Responses = Responses,
> = {
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** Path parameters. */
  readonly params?: P;
  /** Query parameters; an operation without this ignores the query. */
  readonly query?: Q;
  /** Headers that the handler requires, for the document; the handler itself checks them. */
  readonly requestHeaders?: Readonly<Record<string, { readonly description: string; readonly example: string }>>;
  /** JSON body; an operation without this ignores the body. */
  readonly body?: B;
  /** Instead of `body`: a body of type application/x-www-form-urlencoded, as an object of strings. */
  readonly form?: B;
  /** Names of the cookies that it reads. It rejects a request that repeats one of them. */
  readonly cookies?: readonly string[];
  /** A file as the body: in this field of a multipart form, or raw with one of these content types. */
  readonly upload?: { readonly field: string; readonly contentTypes: readonly string[] };
  /** A body of type text/csv, which the handler reads from `stream`. */
  readonly csv?: { readonly description: string; readonly example: string };
  /** By status. */
  readonly responses: R;
  /** @default the one error shape */
  readonly errorShape?: ErrorShape;
  /** Codes that the handler throws, in addition to those of the boundary. */
  readonly errors: readonly ErrorCode[];
  /** Messages of this operation as examples in the OpenAPI document, where the general one would not fit. */
  readonly errorMessages?: Readonly<Partial<Record<ErrorCode, string>>>;
  /**
   * On a route with limit class `secret`: the account that the request tries to sign in to, in any case of letters.
   * Undefined if the request counts by its address or caller alone.
   */
  readonly account?: (input: { readonly body: z.output<B>; readonly caller: C }) => string | undefined;
  /** Units of the rate limit that a request costs, in classes that count per instance. @default 1 */
  readonly units?: (input: { readonly body: z.output<B> }) => number;
  /** Shown in the OpenAPI document and in validation messages; tests check it against the schemas. */
  readonly example: {
    readonly params?: z.input<P>;
    readonly query?: z.input<Q>;
    readonly body?: z.input<B>;
    readonly response?: unknown;
  };
  readonly handler: (
    request: OperationRequest<z.output<P>, z.output<Q>, z.output<B>, C>,
    deps: D,
  ) => Promise<OperationResponse>;
};

type NoParams = z.ZodObject<Record<never, never>>;

/** Gives the handler the types of its schemas; returns its argument. */
export function operation<
  D,
  P extends z.ZodObject = NoParams,
  Q extends z.ZodObject = NoParams,
  B extends z.ZodType = z.ZodUndefined,
  R extends Responses = Responses,
>(definition: Operation<P, Q, B, D, Caller | undefined, R>) {
  return definition;
}

/** Like `operation`, for a handler that needs a caller: it does not compile on a public route. */
export function guardedOperation<
  D,
  P extends z.ZodObject = NoParams,
  Q extends z.ZodObject = NoParams,
  B extends z.ZodType = z.ZodUndefined,
  R extends Responses = Responses,
>(definition: Operation<P, Q, B, D, Caller, R>) {
  return definition;
}
