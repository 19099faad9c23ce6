// The name and description of each alert, and the runbook that the description links to.
import type { RuleName } from "./config.ts";
import { RUNBOOK } from "./workflow.ts";

const descriptions: Readonly<Record<RuleName, string>> = {
  serverErrors: "The API returned responses of 500 or above.",
  counterDuration: "Counting a visit is slow on average.",
  slowResponses: "More than 5 % of the responses are slow.",
  thumbnailGivenUp: "The thumbnail of an image failed for hours and is not retried.",
  libraryDiffers:
    "Images were found whose record and blobs differ, and the audit does not repair them: originals are missing, or too many images differ.",
  costBrakeTripped: "A page exhausted its write budget of the day. Its visits are now written once a minute.",
  securityEvent:
    "A replaced refresh token was used again, an owner was added or reset, or signing keys were revoked or are overdue. A session may be stolen.",
  executions: "Function executions are far above the expected traffic and raise the bill.",
  storageCapacity: "The media account stores more than planned.",
  storageEgress: "The media account sent more in a day than planned.",
  siteEgress: "The website with the public images sent more in a day than planned.",
  readyCheck: "The app is not ready: /api/health/ready fails in every test location.",
  notifierFailed: "The notifier failed to post an alert to Slack. Only this e-mail reports it.",
};

/** `serverErrors` becomes `server-errors`, in the name of the alert and in the heading of its runbook. */
export const slugOf = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The description with the URL of the runbook at its end. */
export const descriptionOf = (name: RuleName, runbooks: string) =>
  `${descriptions[name]} ${RUNBOOK}${runbooks}#alert-${slugOf(name)}`;
