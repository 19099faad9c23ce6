// What a route does: its schemas, its example and its handler, in one value that everything else reads.
import type { z } from "zod";
import type { Caller, Permission } from "../access/permissions.ts";
import type { ErrorCode } from "../errors.ts";
import type { FunctionName } from "../names.ts";
import type { LimitClass } from "./limits.ts";

export type OperationRequest<P, Q, B, C> = {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Set on every route that asks for a permission; undefined on public ones. */
  readonly caller: C;
  /** The body as it comes, for an operation that declares `upload`. Stopping early leaves the connection alone. */
  readonly stream: AsyncIterable<Uint8Array>;
};

export type Answer = {
  /** 200 unless said otherwise. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Instead of JSON; its type is the header Content-Type. */
  readonly text?: string;
};

type AnswerDoc = {
  readonly description: string;
  /** Of an answer from 400 up: what stands beside `error`, with an example. */
  readonly schema?: z.ZodType;
  /** Content type; application/json unless said otherwise. */
  readonly type?: string;
  readonly example?: Readonly<Record<string, unknown>>;
  /** Its own headers, besides those that all answers have. */
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly example: string }>>;
};

export type Operation<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, D, C> = {
  readonly summary: string;
  readonly description?: string;
  /** Path parameters. */
  readonly params?: P;
  /** Query parameters; an operation without this ignores the query. */
  readonly query?: Q;
  /** JSON body; an operation without this ignores the body. */
  readonly body?: B;
  /** A file as body: in this field of a multipart form, or raw with one of these content types. */
  readonly upload?: { readonly field: string; readonly contentTypes: readonly string[] };
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** What the handler itself can fail with, besides what the boundary does for every route. */
  readonly errors: readonly ErrorCode[];
  /** On a route of class `secret`: the account whose secret the request tries. */
  readonly account?: (body: z.output<B>) => string;
  /** Values the documentation shows and the tests check against the schemas. */
  readonly example: {
    readonly params?: z.input<P>;
    readonly query?: z.input<Q>;
    readonly body?: z.input<B>;
    readonly answer?: unknown;
  };
  readonly handler: (request: OperationRequest<z.output<P>, z.output<Q>, z.output<B>, C>, deps: D) => Promise<Answer>;
};

type NoParams = z.ZodObject<Record<never, never>>;

/** Gives the handler the types of its schemas; changes nothing. */
export function operation<
  D,
  P extends z.ZodObject = NoParams,
  Q extends z.ZodObject = NoParams,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Operation<P, Q, B, D, Caller | undefined>): Operation<P, Q, B, D, Caller | undefined> {
  return definition;
}

/** The same for an operation that needs to know its caller: a public route does not take it. */
export function guardedOperation<
  D,
  P extends z.ZodObject = NoParams,
  Q extends z.ZodObject = NoParams,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Operation<P, Q, B, D, Caller>): Operation<P, Q, B, D, Caller> {
  return definition;
}

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
export type Access = "public" | Permission;

/** One line of the route table. What its schemas promise the handler was checked when `route` made it. */
export type Route<D> = {
  readonly name: FunctionName;
  readonly methods: readonly Method[];
  /** Template below the prefix, such as /v1/visits/{page}. */
  readonly path: string;
  readonly access: Access;
  readonly limit: LimitClass;
  readonly operation: Operation<z.ZodObject, z.ZodObject, z.ZodType, D, Caller | undefined>;
};

type NameOf<T extends string> = T extends `*${infer N}` ? N : T extends `${infer N}:${string}` ? N : T;
type ParamNames<Path extends string> = Path extends `${string}{${infer P}}${infer Rest}`
  ? NameOf<P> | ParamNames<Rest>
  : never;

/**
 * A maker of routes for one set of deps. It does not compile when an operation needs a dep that is not among them, or
 * when the names in the path are not exactly those of the operation's params.
 */
export function routesFor<D>() {
  return <
    const Path extends string,
    A extends Access,
    P extends z.ZodObject,
    Q extends z.ZodObject,
    B extends z.ZodType,
  >(
    name: FunctionName,
    methods: Method | readonly Method[],
    path: Path,
    access: A,
    limit: LimitClass,
    definition: Operation<P, Q, B, D, A extends Permission ? Caller : Caller | undefined> &
      ([keyof P["shape"], ParamNames<Path>] extends [ParamNames<Path>, keyof P["shape"]] ? unknown : never),
  ): Route<D> => {
    const listed = typeof methods === "string" ? [methods] : methods;
    return {
      name,
      // The host answers HEAD on a GET-only function with an empty 404, so whatever answers GET answers HEAD.
      methods: listed.includes("GET") ? [...listed, "HEAD"] : listed,
      path,
      access,
      limit,
      operation: definition as unknown as Route<D>["operation"],
    };
  };
}
