// Under which heading of the OpenAPI document each function stands. Constants.
import type { FunctionName } from "../names.ts";

export const tags = [
  { name: "Visits", description: "Counting the visits of a page, and reading the count." },
  { name: "Images", description: "The owner's pictures." },
  { name: "Links", description: "Links to pictures, for people without an account." },
  { name: "Service", description: "The service about itself: how it is, what it is, and what it offers." },
] as const;

export const tagOf: Readonly<Record<Exclude<FunctionName, "zz-fallback">, (typeof tags)[number]["name"]>> = {
  "visitor-count": "Visits",
  "visitor-counter": "Visits",
  "visitor-counter-drop-in": "Visits",
  "image-read": "Images",
  "image-upload": "Images",
  "sas-issue": "Links",
  health: "Service",
  "health-live": "Service",
  "health-ready": "Service",
  metrics: "Service",
  openapi: "Service",
};
