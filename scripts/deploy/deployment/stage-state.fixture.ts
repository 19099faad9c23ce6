// What a simulated stage remembers, and the faults that a test injects into it.
import { AzureError } from "../azure-cli.fixture.ts";
import { createVersion } from "./key-vault.fixture.ts";

/** A secret of the plan; it must not appear in a log. */
export const SIGNED_URL = "https://prod-1.westeurope.logic.azure.com/workflows/w/invoke?sp=run&sig=s3cr3t";

/** The content of a package in these tests: its commit, whether its checks pass, and whether its host starts at all. */
export type Package = { readonly commit: string; readonly healthy: boolean; readonly starts?: boolean };

export const createState = () => ({
  /** Stacks that were applied. */
  stacks: new Set<string>(),
  deployed: undefined as Package | undefined,
  releases: new Map<string, { text: string; good?: string; modified?: number }>(),
  /** Blobs of the container `$web`. */
  web: new Map<string, { text: string; type: string; cacheControl: string }>(),
  tableRoles: [] as { id: string; properties: { principalId: string } }[],
  vaultRoles: [] as { id: string; principalId: string; description: string | null }[],
  /** Of the alert rule that Azure adds to Application Insights some time after its creation. */
  generatedRule: undefined as { state: string } | undefined,
  /** Versions of the secret with the signing keys. */
  signingKeys: [createVersion("a", 0)],
  /** The tokens that verify received, undefined for a run without. */
  verifyTokens: [] as (string | undefined)[],
  seeded: [] as Readonly<Record<string, string>>[],
  slack: [] as { data: { essentials: { description: string; alertId: string } } }[],
  /** Command lines that ran, in order, and packages that were published. */
  commands: [] as string[],
  lines: [] as string[],
  now: Date.parse("2026-11-21T12:00:00Z"),
});

export const createFaults = () => ({
  /** How many calls are denied while roles propagate. */
  seedDenials: 0,
  releaseDenials: 0,
  webDenials: 0,
  /** How many calls for the keys of the app fail while its host starts. */
  keyDenials: 0,
  /** How many changes of table roles Cosmos DB rejects while it makes another. */
  tableRoleDenials: 0,
  /** What the deployment API does, one for each package that is published; see simulated-kudu.fixture.ts. */
  publishing: [] as string[],
  /** Commands that begin with one of these fail. */
  failingCommands: [] as string[],
  /** Commands that contain this never end by themselves. */
  hangingCommand: undefined as string | undefined,
  /** Resource types that the next plan replaces. */
  replacedTypes: [] as string[],
  /** Commands that begin with one of these have their effect, and report a failure. */
  failingAfterwards: [] as string[],
  /** Every program takes its whole time and succeeds. */
  isSlow: false,
  /** How many applies of the events stack fail, and how; each leaves a subscription that the next plan replaces. */
  eventsErrors: [] as string[],
  /** Types that differ again after each apply. */
  driftingTypes: [] as string[],
  /** What seed-entity prints about the account of the owner. */
  ownerLines: 'user "owner": already exists\n',
  slackIsDown: false,
});

export type StageState = ReturnType<typeof createState>;
export type StageFaults = ReturnType<typeof createFaults>;
type Denials = { [K in keyof StageFaults]: StageFaults[K] extends number ? K : never }[keyof StageFaults];

export const fail = (text: string): never => {
  throw new AzureError(text);
};
export function denyWhile(faults: StageFaults, count: Denials, text: string): void {
  if (faults[count]-- > 0) fail(text);
}
