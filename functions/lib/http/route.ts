// One line of the route table: the address of an operation, who may call it and how often.
import type { z } from "zod";
import type { Caller, Permission } from "../access/permissions.ts";
import type { LimitClass } from "../limits/limiter.ts";
import type { FunctionName } from "../names.ts";
import type { Operation } from "./operation.ts";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
/** A token of any caller is enough for `authenticated`. */
export type Access = "public" | "authenticated" | Permission;

/** One line of the route table. `routesFor` has already checked that handler and schemas agree. */
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
 * Returns a function that creates routes for one set of deps. A route does not compile when its operation needs a dep
 * that is missing, or when the names in the path differ from those of the operation's params.
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
    definition: Operation<P, Q, B, D, A extends "public" ? Caller | undefined : Caller> &
      ([keyof P["shape"], ParamNames<Path>] extends [ParamNames<Path>, keyof P["shape"]] ? unknown : never),
  ): Route<D> => {
    const listed = typeof methods === "string" ? [methods] : methods;
    return {
      name,
      // The host returns an empty 404 for HEAD on a GET-only function, so every GET route also takes HEAD.
      methods: listed.includes("GET") ? [...listed, "HEAD"] : listed,
      path,
      access,
      limit,
      operation: definition as unknown as Route<D>["operation"],
    };
  };
}
