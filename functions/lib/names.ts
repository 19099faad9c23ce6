// The names that code and infrastructure share: functions, tables, secrets. Constants only.

export const functionNames = [
  "health-live",
  "health-ready",
  "openapi",
  "visitor-count",
  "visitor-counter",
  "visitor-counter-drop-in",
  "zz-fallback",
] as const;
export type FunctionName = (typeof functionNames)[number];

/** What host.json puts before every route. */
export const ROUTE_PREFIX = "/api";

export const tables = { images: "images", visits: "visits" } as const;

export const containers = { images: "images", thumbnails: "thumbnails" } as const;

/** Name of an image's thumbnail, below its owner and id; 256 is its longest edge in pixels. */
export const THUMBNAIL_FILE = "thumb_256.webp";

/** Prefix of the settings that lead to the media account: the connection that triggers name. */
export const MEDIA = "MEDIA";

export const secrets = { signingKeys: "signing-keys", ownerPassword: "owner-password" } as const;

/** The page that checks of a running deployment count on, so that they never touch a real number. */
export const VERIFY_PAGE = "verify";
