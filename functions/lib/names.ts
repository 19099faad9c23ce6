// The names that code and infrastructure share: functions, tables, secrets. Constants only.

/** Functions that answer requests. */
export const functionNames = [
  "health",
  "health-live",
  "health-ready",
  "image-read",
  "image-upload",
  "metrics",
  "openapi",
  "sas-issue",
  "visitor-count",
  "visitor-counter",
  "visitor-counter-drop-in",
  "zz-fallback",
] as const;
export type FunctionName = (typeof functionNames)[number];

/** Functions that no request starts. */
export const triggerNames = ["image-mend", "limits-clean-up", "thumbnail", "thumbnail-poison"] as const;
export type TriggerName = (typeof triggerNames)[number];

/** What host.json puts before every route. */
export const ROUTE_PREFIX = "/api";

export const tables = { images: "images", limits: "limits", visits: "visits" } as const;

export const containers = { images: "images", thumbnails: "thumbnails" } as const;

/** Name of an image's thumbnail, below its owner and id; 256 is its longest edge in pixels. */
export const THUMBNAIL_FILE = "thumb_256.webp";

/** Prefix of the settings that lead to the media account: the connection that triggers name. */
export const MEDIA = "MEDIA";

export const secrets = { signingKeys: "signing-keys", ownerPassword: "owner-password" } as const;

/** Messages of log lines that an alert waits for: renamed here, they are renamed in its query. */
export const alertLines = {
  costBrakeTripped: "cost-brake-tripped",
  thumbnailGivenUp: "thumbnail-given-up",
  /** What only an attack or a fault of ours explains; the field `event` says what. */
  securityEvent: "security-event",
} as const;

/** The page that checks of a running deployment count on, so that they never touch a real number. */
export const VERIFY_PAGE = "verify";
