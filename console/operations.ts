// The operations of the public API that the console calls: the path of each, and its types from its definition.
import type { z } from "zod";
import type { listKeys } from "../functions/accounts/keys-list.ts";
import type { rotateKeys } from "../functions/accounts/keys-rotate.ts";
import type { readMe, updateMe } from "../functions/accounts/me.ts";
import type { deleteSession, listSessions } from "../functions/accounts/own-sessions.ts";
import type { redeemPassword } from "../functions/accounts/password-redeem.ts";
import type { createUser } from "../functions/accounts/users-create.ts";
import type { deleteUser } from "../functions/accounts/users-delete.ts";
import type { listUsers } from "../functions/accounts/users-list.ts";
import type { resetUser } from "../functions/accounts/users-reset.ts";
import type { updateUser } from "../functions/accounts/users-update.ts";
import type { health, ready } from "../functions/health/health.ts";
import type { deleteImage } from "../functions/images/delete.ts";
import type { listImages } from "../functions/images/list.ts";
import type { readImage } from "../functions/images/read.ts";
import type { reprocessImage } from "../functions/images/reprocess.ts";
import type { updateImage } from "../functions/images/update.ts";
import type { uploadImage } from "../functions/images/upload.ts";
import type { readUsage } from "../functions/images/usage.ts";
import type { createLink } from "../functions/sas/create-link.ts";
import type { listPages } from "../functions/visitor-counter/list-pages.ts";
import type { readHistory } from "../functions/visitor-counter/read-history.ts";

/** By the name of the function: method and path. A test compares them with the route table. */
export const calls = {
  health: "GET /health",
  "health-ready": "GET /health/ready",
  "image-delete": "DELETE /v1/images/{id}",
  "image-list": "GET /v1/images",
  "image-read": "GET /v1/images/{id}",
  "image-reprocess": "POST /v1/images/{id}/reprocess",
  "image-update": "PATCH /v1/images/{id}",
  "image-upload": "POST /v1/images",
  "image-usage": "GET /v1/images/usage",
  "key-list": "GET /v1/keys",
  "key-rotate": "POST /v1/keys/rotate",
  "password-redeem": "POST /v1/auth/password",
  "sas-issue": "POST /v1/sas",
  "session-delete": "DELETE /v1/auth/sessions/{id}",
  "session-list": "GET /v1/auth/sessions",
  "user-create": "POST /v1/users",
  "user-delete": "DELETE /v1/users/{id}",
  "user-list": "GET /v1/users",
  "user-me": "GET /v1/users/me",
  "user-me-update": "PATCH /v1/users/me",
  "user-reset": "POST /v1/users/{id}/reset",
  "user-update": "PATCH /v1/users/{id}",
  "visitor-history": "GET /v1/visits/{page}/history",
  "visitor-pages": "GET /v1/visits",
} as const;
export type CallName = keyof typeof calls;

/** Without a token. */
export const publicCalls: ReadonlySet<CallName> = new Set([
  "health",
  "health-ready",
  "password-redeem",
  "visitor-history",
]);

type Definitions = {
  health: typeof health;
  "health-ready": typeof ready;
  "image-delete": typeof deleteImage;
  "image-list": typeof listImages;
  "image-read": typeof readImage;
  "image-reprocess": typeof reprocessImage;
  "image-update": typeof updateImage;
  "image-upload": typeof uploadImage;
  "image-usage": typeof readUsage;
  "key-list": typeof listKeys;
  "key-rotate": typeof rotateKeys;
  "password-redeem": typeof redeemPassword;
  "sas-issue": typeof createLink;
  "session-delete": typeof deleteSession;
  "session-list": typeof listSessions;
  "user-create": typeof createUser;
  "user-delete": typeof deleteUser;
  "user-list": typeof listUsers;
  "user-me": typeof readMe;
  "user-me-update": typeof updateMe;
  "user-reset": typeof resetUser;
  "user-update": typeof updateUser;
  "visitor-history": typeof readHistory;
  "visitor-pages": typeof listPages;
};

type SchemaOf<N extends CallName, K extends "params" | "query" | "body"> = Definitions[N] extends {
  readonly [P in K]?: infer S;
}
  ? Exclude<S, undefined> extends infer T extends z.ZodType
    ? z.input<T>
    : undefined
  : undefined;

/** What a call sends. A body that is no JSON is a FormData. */
export type Input<N extends CallName> = {
  readonly params?: SchemaOf<N, "params">;
  readonly query?: Partial<SchemaOf<N, "query">>;
  readonly body?: SchemaOf<N, "body"> | FormData;
  readonly headers?: Readonly<Record<string, string>>;
};

type Responses<N extends CallName> = Definitions[N]["responses"];
type Success = 200 | 201 | 202 | 204;
type DataOf<R> = R extends { readonly schema: infer S extends z.ZodType } ? z.output<S> : undefined;

/** What a successful call returns; undefined without content. */
export type Output<N extends CallName> = {
  [Status in keyof Responses<N>]: Status extends Success ? DataOf<Responses<N>[Status]> : never;
}[keyof Responses<N>];
