// What each alert is called and says, and where its runbook stands.
import type { RuleName } from "./config.ts";
import { RUNBOOK } from "./facts.ts";

const what: Readonly<Record<RuleName, string>> = {
  counterFailures: "Visits could not be counted: the counter answered 500 or above.",
  counterDuration: "Counting a visit takes long, on average.",
  serverErrors: "Too large a share of all requests is answered 500 or above.",
  slowAnswers: "One request in twenty takes longer than it should.",
  thumbnailGivenUp: "A picture has no thumbnail after five attempts.",
  costBrakeTripped: "A page used up its day's budget of writes; its visits are now counted once a minute.",
  securityEvent: "The app logged something that only an attack or a fault of ours explains.",
  executions: "Far more executions than visits explain: somebody may be running up the bill.",
  storageCapacity: "The media account holds more than planned.",
  storageEgress: "More left the media account in a day than planned.",
  readyCheck: "The app is not ready, as seen from outside: /api/health/ready fails in all places that ask.",
  notifierFailed: "An alert did not reach Slack: the notifier's run failed. This mail is its only trace.",
};

/** `counterFailures` becomes `counter-failures`: in names, and in the heading of the runbook. */
export const slugOf = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** With the runbook at the end, where mails show it too and the notifier finds it. */
export const descriptionOf = (name: RuleName, runbooks: string) =>
  `${what[name]}${RUNBOOK}${runbooks}#alert-${slugOf(name)}`;
