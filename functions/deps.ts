// The one place that knows every store: what handlers may ask for, each made on first use and then shared.

import { createDependencyChecks } from "./health/dependency-checks.ts";
import { createImageRecords } from "./images/image-records.ts";
import { createIntake } from "./images/intake.ts";
import { createSigningKeys, generateSigningKeys, readSigningKeys } from "./lib/access/signing-keys.ts";
import { createTokenVerifier } from "./lib/access/token.ts";
import { askContainer, createBlobContainer, createBlobService } from "./lib/azure/blobs.ts";
import { watchCalls } from "./lib/azure/calls.ts";
import { createCredential } from "./lib/azure/credential.ts";
import { createLinkSigner } from "./lib/azure/link-signer.ts";
import { askTable, createTableClient } from "./lib/azure/tables.ts";
import { createVault } from "./lib/azure/vault.ts";
import { unlimited } from "./lib/http/limits.ts";
import { watchReceived } from "./lib/http/received.ts";
import type { Api } from "./lib/http/route-table.ts";
import { createLimits } from "./lib/limits/limiter.ts";
import { consoleLog } from "./lib/log.ts";
import { containers, secrets, tables } from "./lib/names.ts";
import type { Settings } from "./lib/settings.ts";
import { loadSharp } from "./lib/sharp.ts";
import { createTelemetry } from "./lib/telemetry.ts";
import { createIssueLink } from "./sas/issue-link.ts";
import { keyCovers, keyIsAging, keySpan } from "./sas/link-policy.ts";
import { createThumbnailer } from "./thumbnail/thumbnailer.ts";
import { createVisitorCounter } from "./visitor-counter/visitor-counter.ts";

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

export function createDeps(settings: Settings) {
  const credential = once(() => createCredential(settings.AZURE_CLIENT_ID));
  const telemetry = createTelemetry({
    ...(settings.APPLICATIONINSIGHTS_CONNECTION_STRING && {
      insights: {
        connectionString: settings.APPLICATIONINSIGHTS_CONNECTION_STRING,
        role: settings.WEBSITE_SITE_NAME ?? "vitae",
        credential,
      },
    }),
    metrics: settings.METRICS_ENABLED !== "false",
    log: consoleLog,
  });
  const stores = { table: settings.TABLES_ENDPOINT, blob: settings.MEDIA__blobServiceUri, vault: settings.VAULT_URI };
  watchCalls(stores, telemetry.call);
  const { meter } = telemetry;
  const vault = once(() => createVault(settings.VAULT_URI, credential()));
  const signingKeys = once(() => createSigningKeys(() => vault().read(secrets.signingKeys)));
  const verifyToken = once(() =>
    createTokenVerifier(signingKeys(), { issuer: settings.TOKEN_ISSUER, audience: settings.TOKEN_AUDIENCE }),
  );
  const tableClient = (table: string, retries: number) =>
    createTableClient({ endpoint: settings.TABLES_ENDPOINT, table, credential: credential(), retries });
  const visits = once(() =>
    createVisitorCounter({
      table: tableClient(tables.visits, 0),
      pages: settings.PAGES,
      timeZone: settings.SITE_TIME_ZONE,
      dailyWriteBudget: settings.DAILY_WRITE_BUDGET,
      meter,
    }),
  );
  const limits = once(() =>
    settings.RATE_LIMITS === "off"
      ? unlimited
      : createLimits({
          quotas: {
            authenticated: settings.RATE_LIMIT_AUTHENTICATED,
            anonymous: settings.RATE_LIMIT_ANONYMOUS,
            visits: settings.RATE_LIMIT_VISITS,
            uploads: settings.RATE_LIMIT_UPLOADS,
            secret: settings.RATE_LIMIT_SECRET,
            keys: settings.RATE_LIMIT_KEYS,
          },
          // A conditional write that the SDK repeats would meet its own first attempt.
          table: once(() => tableClient(tables.limits, 0)),
          log: consoleLog,
        }),
  );
  const limitsTable = once(() => tableClient(tables.limits, 2));
  const received = once(watchReceived);
  const blobs = once(() => createBlobService(settings.MEDIA__blobServiceUri, credential()));
  const originals = once(() => createBlobContainer(blobs(), containers.images));
  const images = once(() => createImageRecords(tableClient(tables.images, 2)));
  const openImage = () => loadSharp(settings.MAX_IMAGE_PIXELS);
  const intake = once(() =>
    createIntake({
      originals: originals(),
      records: images(),
      openImage,
      meter,
      maxBytes: settings.MAX_UPLOAD_BYTES,
      maxPixels: settings.MAX_IMAGE_PIXELS,
    }),
  );
  const thumbnailer = once(() =>
    createThumbnailer({
      originals: originals(),
      thumbnails: createBlobContainer(blobs(), containers.thumbnails),
      records: images(),
      openImage,
      meter,
    }),
  );
  const issueLink = once(() =>
    createIssueLink(
      createLinkSigner({
        service: blobs(),
        rules: { span: keySpan, covers: keyCovers, isAging: keyIsAging },
        baseUrl: settings.CDN_BASE_URL,
      }),
    ),
  );
  const everyTable = once(() => Object.values(tables).map((table) => tableClient(table, 0)));
  const checkDependencies = once(() =>
    createDependencyChecks({
      tables: (signal) => Promise.all(everyTable().map((table) => askTable(table, signal))),
      blobs: (signal) => Promise.all(Object.values(containers).map((name) => askContainer(blobs(), name, signal))),
      // Not through the signing keys: those are kept for minutes, and would outlive the vault.
      vault: (signal) => readSigningKeys(() => vault().read(secrets.signingKeys, signal)),
    }),
  );
  return {
    /** The app ends: visits that were not written yet are, and then what was measured is sent. */
    async close() {
      try {
        await visits().close();
      } finally {
        await telemetry.flush();
      }
    },
    get checkDependencies() {
      return checkDependencies();
    },
    generateSigningKeys,
    get images() {
      return images();
    },
    get intake() {
      return intake();
    },
    get issueLink() {
      return issueLink();
    },
    get limits() {
      return limits();
    },
    get limitsTable() {
      return limitsTable();
    },
    meter,
    get originals() {
      return originals();
    },
    get received() {
      return received();
    },
    telemetry,
    get thumbnailer() {
      return thumbnailer();
    },
    get vault() {
      return vault();
    },
    get verifyToken() {
      return verifyToken();
    },
    get visits() {
      return visits();
    },
  };
}

/** What the routes may ask for: every store, and the API's description of itself. */
export type Deps = ReturnType<typeof createDeps> & { readonly api: Api };
