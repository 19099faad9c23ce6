// The HTTP API: one line per route. Registration, checks, the OpenAPI document and the tests all read this table.
import { jwks } from "./accounts/jwks.ts";
import { listKeys } from "./accounts/keys-list.ts";
import { rotateKeys } from "./accounts/keys-rotate.ts";
import { readMe, updateMe } from "./accounts/me.ts";
import { deleteSession, listSessions } from "./accounts/own-sessions.ts";
import { redeemPassword } from "./accounts/password-redeem.ts";
import { revoke } from "./accounts/revoke.ts";
import { token } from "./accounts/token.ts";
import { createUser } from "./accounts/users-create.ts";
import { deleteUser } from "./accounts/users-delete.ts";
import { listUsers } from "./accounts/users-list.ts";
import { resetUser } from "./accounts/users-reset.ts";
import { updateUser } from "./accounts/users-update.ts";
import { ownersConsole } from "./console/console.ts";
import type { Deps } from "./deps.ts";
import { health, live, ready } from "./health/health.ts";
import { deleteImage } from "./images/delete.ts";
import { readGallery } from "./images/gallery.ts";
import { importImage } from "./images/import.ts";
import { listImages } from "./images/list.ts";
import { readImage } from "./images/read.ts";
import { reprocessImage } from "./images/reprocess.ts";
import { updateImage } from "./images/update.ts";
import { uploadImage } from "./images/upload.ts";
import { commitUpload } from "./images/upload-commit.ts";
import { createUploadLink } from "./images/upload-link.ts";
import { readUsage } from "./images/usage.ts";
import { fallback } from "./lib/http/fallback.ts";
import { type Route, routesFor } from "./lib/http/route.ts";
import type { FunctionName } from "./lib/names.ts";
import type { Settings } from "./lib/settings-schema.ts";
import { metrics } from "./metrics/metrics.ts";
import { openapi } from "./openapi/openapi.ts";
import { createLink } from "./sas/create-link.ts";
import { badge } from "./visitor-counter/badge.ts";
import { badgeJson } from "./visitor-counter/badge-json.ts";
import { countVisit } from "./visitor-counter/count-visit.ts";
import { dropIn } from "./visitor-counter/drop-in.ts";
import { importVisits } from "./visitor-counter/import-visits.ts";
import { listPages } from "./visitor-counter/list-pages.ts";
import { readCount } from "./visitor-counter/read-count.ts";
import { readHistory } from "./visitor-counter/read-history.ts";

const route = routesFor<Deps>();

const allMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

// The host registers by name and takes the first match, so no two routes of a method may match one path.
export const routes = [
  route("visitor-counter", "POST", "/v1/visits/{page}", "public", "visits", countVisit),
  route("visitor-pages", "GET", "/v1/visits", "authenticated", "default", listPages),
  route("visitor-count", "GET", "/v1/visits/{page}", "public", "default", readCount),
  route("visitor-history", "GET", "/v1/visits/{page}/history", "public", "default", readHistory),
  route("visitor-import", "POST", "/v1/visits/{page}/import", "visits:manage", "uploads", importVisits),
  route("visitor-badge", "GET", "/v1/visits/{page}/badge.svg", "public", "none", badge),
  route("visitor-badge-json", "GET", "/v1/visits/{page}/badge.json", "public", "none", badgeJson),
  route("visitor-counter-drop-in", ["GET", "POST"], "/visitor_counter", "public", "visits", dropIn),
  route("image-upload", "POST", "/v1/images", "images:write", "uploads", uploadImage),
  route("image-import", "POST", "/v1/images/import", "images:write", "uploads", importImage),
  route("image-list", "GET", "/v1/images", "images:read", "default", listImages),
  route("image-usage", "GET", "/v1/images/usage", "images:read", "default", readUsage),
  route("image-read", "GET", "/v1/images/{id:guid}", "images:read", "default", readImage),
  route("image-update", "PATCH", "/v1/images/{id:guid}", "images:write", "default", updateImage),
  route("image-delete", "DELETE", "/v1/images/{id:guid}", "images:delete", "default", deleteImage),
  route("image-reprocess", "POST", "/v1/images/{id:guid}/reprocess", "images:write", "uploads", reprocessImage),
  route("gallery", "GET", "/v1/gallery", "public", "default", readGallery),
  route("sas-issue", "POST", "/v1/sas", "images:read", "default", createLink),
  route("upload-link", "POST", "/v1/uploads", "images:write", "default", createUploadLink),
  route("upload-commit", "POST", "/v1/uploads/{id:guid}/commit", "images:write", "uploads", commitUpload),
  route("jwks", "GET", "/.well-known/jwks.json", "public", "default", jwks),
  route("key-list", "GET", "/v1/keys", "keys:manage", "keys", listKeys),
  route("key-rotate", "POST", "/v1/keys/rotate", "keys:manage", "keys", rotateKeys),
  route("token", "POST", "/v1/auth/token", "public", "secret", token),
  route("token-revoke", "POST", "/v1/auth/revoke", "public", "secret", revoke),
  route("session-list", "GET", "/v1/auth/sessions", "authenticated", "default", listSessions),
  route("session-delete", "DELETE", "/v1/auth/sessions/{id:guid}", "authenticated", "default", deleteSession),
  route("password-redeem", "POST", "/v1/auth/password", "public", "secret", redeemPassword),
  route("user-list", "GET", "/v1/users", "users:manage", "default", listUsers),
  route("user-create", "POST", "/v1/users", "users:manage", "default", createUser),
  route("user-me", "GET", "/v1/users/me", "authenticated", "default", readMe),
  route("user-me-update", "PATCH", "/v1/users/me", "authenticated", "secret", updateMe),
  route("user-update", "PATCH", "/v1/users/{id:minlength(5)}", "users:manage", "default", updateUser),
  route("user-delete", "DELETE", "/v1/users/{id:minlength(5)}", "users:manage", "default", deleteUser),
  route("user-reset", "POST", "/v1/users/{id:minlength(5)}/reset", "users:manage", "default", resetUser),
  route("health", "GET", "/health", "public", "none", health),
  route("health-live", "GET", "/health/live", "public", "none", live),
  route("health-ready", "GET", "/health/ready", "public", "none", ready),
  route("openapi", "GET", "/openapi.json", "public", "none", openapi),
  route("metrics", "GET", "/metrics", "public", "default", metrics),
  route("console", "GET", "/console/{*path}", "public", "default", ownersConsole),
  route("zz-fallback", allMethods, "/{*path}", "public", "default", fallback),
];

/** Whether a route is enabled, for routes that a setting can disable. */
const isEnabled: Partial<Record<FunctionName, (settings: Settings) => boolean>> = {
  metrics: ({ METRICS_ENABLED }) => METRICS_ENABLED !== "false",
  openapi: ({ OPENAPI_ENABLED }) => OPENAPI_ENABLED === "true",
};

/** The routes of one deployment. Disabled routes are neither registered nor documented. */
export function routesOf(settings: Settings): readonly Route<Deps>[] {
  return routes.filter(({ name }) => isEnabled[name]?.(settings) ?? true);
}
