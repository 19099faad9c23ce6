// The name and description of each alert, and the runbook that the description links to.
import type { RuleName } from "./config.ts";

/** Separates the text from the runbook's URL in each description, so that mails and Slack show the link. */
export const RUNBOOK = "Runbook: ";

/** One sentence for each alert, without an apostrophe: the notifier has them in quotes. */
export const descriptions: Readonly<Record<RuleName, string>> = {
  serverErrors: "The API returned 500, 502 or 504: a bug, or the app does not start.",
  storeUnavailable: "The API returned 503: a table, the blob service or the vault failed, or the app does not start.",
  busy: "The API rejected many requests with 503 because more arrived than it takes at once.",
  counterDuration: "Counting a visit was slow in the last day: its average is in milliseconds.",
  slowResponses: "More than half of the responses of the last day were slow: the median is in milliseconds.",
  thumbnailGivenUp: "The thumbnail of an image failed for hours and is not retried.",
  libraryDiffers:
    "Images were found whose record and blobs differ, and the audit does not repair them: originals are missing, or too many images differ.",
  costBrakeTripped: "A page exhausted its write budget of the day. Its visits are now written once a minute.",
  securityEvent:
    "A replaced refresh token was used again, an owner was added or reset, or signing keys were revoked or are overdue. A session may be stolen.",
  telemetryCap: "The daily cap of telemetry is reached: until it resets, no other log alert can fire.",
  executions: "The functions ran far more often in an hour than expected, which raises the bill.",
  storageCapacity: "The media account stores more bytes than planned.",
  storageEgress: "The media account sent more bytes in a day than planned.",
  siteEgress: "The website with the public images sent more bytes in a day than planned.",
  readyCheck: "The app is not ready: /api/health/ready fails in every test location.",
  notifierFailed: "The notifier failed to post an alert to Slack. Only this e-mail reports it.",
};

/** `serverErrors` becomes `server-errors`, in the name of the alert and in the heading of its runbook. */
export const slugOf = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `serverErrors` becomes `Server errors`. */
export const titleOf = (name: string) => {
  const words = slugOf(name).replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** The description with the URL of the runbook at its end. */
export const descriptionOf = (name: RuleName, runbooks: string) =>
  `${descriptions[name]} ${RUNBOOK}${runbooks}#alert-${slugOf(name)}`;
