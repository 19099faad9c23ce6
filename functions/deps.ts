// Every dependency of the handlers, each created on first use and then shared: a cold start pays only for what it needs.
import { setTimeout as sleep } from "node:timers/promises";
import { type CredentialStore, createCredentialStore } from "./accounts/credentials.ts";
import { createKeyRotation, type KeyRotation } from "./accounts/keys-rotation.ts";
import { createPasswords, findHashingIssue } from "./accounts/passwords.ts";
import { createRows, type Rows } from "./accounts/rows.ts";
import { createSeededOwner } from "./accounts/seeded-owner.ts";
import { createSessionRows } from "./accounts/session-rows.ts";
import { createSessions } from "./accounts/sessions.ts";
import { createSignIn } from "./accounts/sign-in.ts";
import { createUsers, type Users } from "./accounts/users-table.ts";
import { createDependencyChecks } from "./health/dependency-checks.ts";
import { createImageRecords } from "./images/image-records.ts";
import { createIntake } from "./images/intake.ts";
import { createUploadGate } from "./images/upload.ts";
import { type Authenticate, createAuthenticate } from "./lib/access/authenticate.ts";
import { createEntraVerifier, entraIssuer } from "./lib/access/entra-token.ts";
import { checkSigningKeys, createKeyRing, type KeyRing } from "./lib/access/key-ring.ts";
import { createRosterView, type RosterView } from "./lib/access/roster-view.ts";
import { generateSigningKey } from "./lib/access/signing-keys.ts";
import { createTokenIssuer, createTokenVerifier, type IssueToken, type TokenVerifier } from "./lib/access/token.ts";
import { checkContainer, createBlobContainer, createBlobService } from "./lib/azure/blobs.ts";
import { watchCalls } from "./lib/azure/calls.ts";
import { createCredential } from "./lib/azure/credential.ts";
import { createDelegationKeys } from "./lib/azure/delegation-keys.ts";
import { createLinkSigner } from "./lib/azure/link-signer.ts";
import { checkTable, createTableClient } from "./lib/azure/tables.ts";
import { createVault } from "./lib/azure/vault.ts";
import { createDecoder } from "./lib/decode/decoder.ts";
import { createHeavyWork } from "./lib/heavy-work.ts";
import { watchReceivedRequests } from "./lib/http/received-requests.ts";
import type { Api } from "./lib/http/route-table.ts";
import { createUnclaimedResponder } from "./lib/http/unclaimed.ts";
import { createLimits, unlimited } from "./lib/limits/limiter.ts";
import { consoleLog } from "./lib/log.ts";
import { containers, tables } from "./lib/names.ts";
import { bodyLimit, type Settings } from "./lib/settings.ts";
import { createStoreClock } from "./lib/store-clock.ts";
import { createTelemetry } from "./lib/telemetry.ts";
import { createIssueLink } from "./sas/issue-link.ts";
import { MAX_LINK_MS } from "./sas/link-policy.ts";
import { createThumbnailer } from "./thumbnail/thumbnailer.ts";
import { createVisitorCounter } from "./visitor-counter/visitor-counter.ts";

/** The host ends the process five seconds after appTerminate began (WorkerTerminateGracePeriodInSeconds). */
const CLOSE_MS = 3_500;
const CHECK_MS = 3_000;

const DAY_MS = 24 * 60 * 60_000;

/** Makes each getter run once: its value replaces it on first read. */
function lazily<T extends object>(getters: T): T {
  for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(getters))) {
    if (!get) continue;
    Object.defineProperty(getters, name, {
      configurable: true,
      get() {
        const value: unknown = get.call(getters);
        Object.defineProperty(getters, name, { value });
        return value;
      },
    });
  }
  return getters;
}

export function createDeps(settings: Settings) {
  const deps = {
    get credential() {
      return createCredential(settings.AZURE_CLIENT_ID);
    },
    get telemetry() {
      return createTelemetry({
        ...(settings.APPLICATIONINSIGHTS_CONNECTION_STRING && {
          insights: {
            connectionString: settings.APPLICATIONINSIGHTS_CONNECTION_STRING,
            role: settings.WEBSITE_SITE_NAME ?? "vitae",
            credential: () => this.credential,
          },
        }),
        metrics: settings.METRICS_ENABLED !== "false",
        log: consoleLog,
      });
    },
    get meter() {
      return this.telemetry.meter;
    },

    get vault() {
      // The clock of accounts is right even while no token is accepted, so that no request reads the roster.
      return createVault(settings.VAULT_URI, this.credential, (date) => this.accountsClock.observe(date));
    },
    generateSigningKey,
    get keyRing(): KeyRing {
      return createKeyRing({ vault: this.vault, clock: this.accountsClock, log: consoleLog });
    },
    /** Milliseconds. */
    get keyTimes() {
      const { SIGNING_KEY_LIFETIME_DAYS: lifetime, SIGNING_KEY_TRANSITION_DAYS: transition } = settings;
      return { lifetimeMs: lifetime * DAY_MS, transitionMs: transition * DAY_MS };
    },
    get keyRotation(): KeyRotation {
      const { vault, keyRing, accountsClock: clock, meter, generateSigningKey: generate } = this;
      return createKeyRotation({ vault, keyRing, clock, meter, generate, ...this.keyTimes });
    },
    get tokenOptions() {
      return { issuer: settings.TOKEN_ISSUER, audience: settings.TOKEN_AUDIENCE, clock: this.accountsClock };
    },
    get issueToken(): IssueToken {
      return createTokenIssuer(this.keyRing, this.tokenOptions);
    },
    get verifyOwnToken(): TokenVerifier {
      return createTokenVerifier(this.keyRing, this.tokenOptions);
    },
    get authenticate(): Authenticate {
      const { ENTRA_TENANT_ID: tenantId, ENTRA_AUDIENCE: audience } = settings;
      return createAuthenticate({
        verify: this.verifyOwnToken,
        entra:
          tenantId && audience
            ? {
                issuer: entraIssuer(tenantId),
                verify: createEntraVerifier({ tenantId, audience, clock: this.accountsClock }),
              }
            : undefined,
        users: this.rosterView,
      });
    },

    /** The clock of tokens, sessions and one-time tokens. */
    get accountsClock() {
      return createStoreClock();
    },
    get userRows(): Rows {
      return this.accountRows(tables.users);
    },
    accountRows(table: string): Rows {
      const [reads, writes] = [this.table(table, 2), this.table(table, 0)];
      return createRows({ name: table, reads, writes, clock: this.accountsClock });
    },
    get users(): Users {
      return createUsers({
        rows: this.userRows,
        checkTable: () => checkTable(this.table(tables.users, 0), AbortSignal.timeout(CHECK_MS)),
        onRoster: (roster, startedAt) => this.rosterView.accept(roster, startedAt),
      });
    },
    get credentials(): CredentialStore {
      return createCredentialStore(this.userRows);
    },
    get signIn() {
      return createSignIn({ users: this.users, credentials: this.credentials, passwords: this.passwords });
    },
    appOrigins: { APP_ORIGINS: settings.APP_ORIGINS },
    get sessionRows() {
      return createSessionRows(this.table(tables.sessions, 0), this.accountsClock);
    },
    get sessions() {
      return createSessions({
        rows: this.sessionRows,
        clock: this.accountsClock,
        log: consoleLog,
        meter: this.meter,
      });
    },
    /** For seed-entity: the app itself may not read the secret. */
    get seededOwner() {
      const { users, credentials, passwords, sessions, accountsClock: clock } = this;
      return createSeededOwner({ users, credentials, passwords, sessions, clock });
    },
    get rosterView(): RosterView {
      return createRosterView({ read: () => this.users.read() });
    },

    /** @param retries 0 where a repeated conditional write would fail on its own first attempt */
    table(table: string, retries: number) {
      return createTableClient({ endpoint: settings.TABLES_ENDPOINT, table, credential: this.credential, retries });
    },
    get visits() {
      return createVisitorCounter({
        table: this.table(tables.visits, 0),
        pages: settings.PAGES,
        timeZone: settings.SITE_TIME_ZONE,
        dailyWriteBudget: settings.DAILY_WRITE_BUDGET,
        meter: this.meter,
      });
    },
    get limits() {
      if (settings.RATE_LIMITS === "off") return unlimited;
      return createLimits({ quotas: settings.quotas, table: () => this.limiterTable, log: consoleLog });
    },
    get limiterTable() {
      return this.table(tables.limits, 0);
    },
    /** The limiter's table for the clean-up: deletes are safe to retry. */
    get limitsTable() {
      return this.table(tables.limits, 2);
    },
    get receivedRequests() {
      return watchReceivedRequests({
        onUnclaimed: createUnclaimedResponder(this),
        maxBodyBytes: bodyLimit(settings.MAX_UPLOAD_BYTES),
      });
    },

    get blobs() {
      return createBlobService(settings.MEDIA__blobServiceUri, this.credential);
    },
    get originals() {
      return createBlobContainer(this.blobs, containers.images);
    },
    get images() {
      return createImageRecords(this.table(tables.images, 2));
    },
    get decoder() {
      return createDecoder({ maxPixels: settings.MAX_IMAGE_PIXELS, gate: this.heavyWork.decodes });
    },
    get heavyWork() {
      return createHeavyWork();
    },
    get passwords() {
      return createPasswords({ gate: this.heavyWork.hashes });
    },
    get uploadGate() {
      return createUploadGate();
    },
    get intake() {
      return createIntake({
        originals: this.originals,
        records: this.images,
        decoder: this.decoder,
        meter: this.meter,
        maxBytes: settings.MAX_UPLOAD_BYTES,
      });
    },
    get thumbnailer() {
      return createThumbnailer({
        originals: this.originals,
        thumbnails: createBlobContainer(this.blobs, containers.thumbnails),
        records: this.images,
        decoder: this.decoder,
        meter: this.meter,
      });
    },
    get issueLink() {
      return createIssueLink({
        keys: createDelegationKeys({ service: this.blobs, maxLinkMs: MAX_LINK_MS }),
        sign: createLinkSigner(this.blobs, settings.CDN_BASE_URL),
      });
    },

    /** What the runtime lacks. */
    get warnings(): readonly string[] {
      const issue = findHashingIssue();
      return issue === undefined ? [] : [issue];
    },
    get checkDependencies() {
      const everyTable = Object.values(tables).map((name) => this.table(name, 0));
      return createDependencyChecks({
        tables: (signal) => Promise.all(everyTable.map((table) => checkTable(table, signal))),
        blobs: (signal) =>
          Promise.all(Object.values(containers).map((name) => checkContainer(this.blobs, name, signal))),
        vault: (signal) => checkSigningKeys(this.vault, signal),
      });
    },

    /** Writes the visits that are still in memory and sends the telemetry, both at once, then what the writes measured. */
    async close() {
      const { visits, telemetry } = this;
      const committed = visits
        .close()
        .catch((error: unknown) => consoleLog.warn("close-failed", { error }))
        .then(() => telemetry.flush());
      await Promise.race([Promise.all([committed, telemetry.flush()]), sleep(CLOSE_MS, undefined, { ref: false })]);
    },
  };
  const endpoints = {
    table: settings.TABLES_ENDPOINT,
    blob: settings.MEDIA__blobServiceUri,
    vault: settings.VAULT_URI,
  };
  watchCalls(endpoints, (call) => deps.telemetry.recordCall(call));
  return lazily(deps);
}

/** What handlers can name: every dependency, and the API's description of itself. */
export type Deps = ReturnType<typeof createDeps> & { readonly api: Api };
