// The one place that knows every store: what handlers may ask for, each made on first use and then shared.

import { createDependencyChecks } from "./health/dependency-checks.ts";
import { createImageRecords } from "./images/image-records.ts";
import { createIntake } from "./images/intake.ts";
import { createSigningKeys, generateSigningKeys } from "./lib/access/signing-keys.ts";
import { createTokenVerifier } from "./lib/access/token.ts";
import { createBlobContainer, createBlobService } from "./lib/azure/blobs.ts";
import { createCredential } from "./lib/azure/credential.ts";
import { createLinkSigner } from "./lib/azure/link-signer.ts";
import { createTableClient } from "./lib/azure/tables.ts";
import { createVault } from "./lib/azure/vault.ts";
import { unlimited } from "./lib/http/limits.ts";
import type { Api } from "./lib/http/route-table.ts";
import { silentMeter } from "./lib/meter.ts";
import { containers, secrets, tables } from "./lib/names.ts";
import type { Settings } from "./lib/settings.ts";
import { loadSharp } from "./lib/sharp.ts";
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

/** The first of all UUIDv7s, which no image has: asking for it asks the table. */
const NO_IMAGE = "00000000-0000-7000-8000-000000000000";

export function createDeps(settings: Settings) {
  const credential = once(() => createCredential(settings.AZURE_CLIENT_ID));
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
    }),
  );
  const blobs = once(() => createBlobService(settings.MEDIA__blobServiceUri, credential()));
  const originals = once(() => createBlobContainer(blobs(), containers.images));
  const images = once(() => createImageRecords(tableClient(tables.images, 2)));
  const openImage = () => loadSharp(settings.MAX_IMAGE_PIXELS);
  const intake = once(() =>
    createIntake({
      originals: originals(),
      records: images(),
      openImage,
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
  const checkDependencies = once(() =>
    createDependencyChecks([
      () => visits().read(settings.PAGES[0] as string),
      () => images().find("health", NO_IMAGE),
      () => originals().etag("health"),
      () => signingKeys()(),
    ]),
  );
  return {
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
    limits: unlimited,
    meter: silentMeter,
    get originals() {
      return originals();
    },
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
