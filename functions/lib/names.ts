// Names that code and infrastructure share: functions, tables, containers, secrets. Constants only.

/** HTTP functions. */
export const functionNames = [
  "console",
  "gallery",
  "health",
  "health-live",
  "health-ready",
  "image-delete",
  "image-import",
  "image-list",
  "image-read",
  "image-reprocess",
  "image-update",
  "image-upload",
  "image-usage",
  "jwks",
  "key-list",
  "key-rotate",
  "metrics",
  "openapi",
  "password-redeem",
  "sas-issue",
  "session-delete",
  "session-list",
  "token",
  "token-revoke",
  "upload-commit",
  "upload-link",
  "user-create",
  "user-delete",
  "user-list",
  "user-me",
  "user-me-update",
  "user-reset",
  "user-update",
  "visitor-badge",
  "visitor-badge-json",
  "visitor-count",
  "visitor-counter",
  "visitor-counter-drop-in",
  "visitor-history",
  "visitor-import",
  "visitor-pages",
  "zz-fallback",
] as const;
export type FunctionName = (typeof functionNames)[number];

export const timerNames = [
  "credentials-clean-up",
  "image-audit",
  "image-reconcile",
  "image-retention",
  "limits-clean-up",
  "sessions-clean-up",
  "signing-keys-rotate",
  "uploads-clean-up",
  "visits-day-turn",
] as const;
export type TimerName = (typeof timerNames)[number];

/** Functions with a blob, queue or timer trigger. */
export const triggerNames = ["thumbnail", "thumbnail-poison", ...timerNames] as const;
export type TriggerName = (typeof triggerNames)[number];

/** The prefix of every route, from host.json. */
export const ROUTE_PREFIX = "/api";

export const tables = {
  images: "images",
  limits: "limits",
  sessions: "sessions",
  users: "users",
  visits: "visits",
} as const;

export const containers = { images: "images", thumbnails: "thumbnails", uploads: "uploads" } as const;

/** Container of the account `site`, which its static website serves to anyone. */
export const SITE_CONTAINER = "$web";

/** How long images are kept: days since their upload, or without end. From the shortest to the longest. */
export const retentions = ["90", "180", "365", "keep"] as const;
/** Index tag of originals, by which lifecycle rules delete what the app has not. */
export const RETENTION_TAG = "retention";
/** Between the end of the retention and the deletion of the image. */
export const GRACE_DAYS = 7;

/** Longest side in pixels of the variant that links call `thumbnail`. */
export const THUMBNAIL_EDGE = 256;

/** Connection of the triggers: the prefix of the settings of the media account. */
export const MEDIA = "MEDIA";

export const secrets = { signingKeys: "signing-keys", ownerPassword: "owner-password" } as const;

/** The owner's e-mail address on a laptop, unless OWNER_EMAIL is set. */
export const LOCAL_OWNER_EMAIL = "owner@localhost";

/** Log messages that alerts query. */
export const alertLines = {
  costBrakeTripped: "cost-brake-tripped",
  libraryDiffers: "library-differs",
  securityEvent: "security-event",
  thumbnailGivenUp: "thumbnail-given-up",
} as const;

/** Reserved page: checks of a deployment count here, so that they never change a real page's count. */
export const VERIFY_PAGE = "verify";

/** Below the prefix: routes with the error shape of OAuth. A request that no function claims has nothing but its path. */
export const oauthPaths = ["/v1/auth/token", "/v1/auth/revoke"] as const;
