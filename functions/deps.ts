// The one place that knows every store: what handlers may ask for, each made on first use and then shared.

import { createDependencyChecks } from "./health/dependency-checks.ts";
import { createSigningKeys, generateSigningKeys } from "./lib/access/signing-keys.ts";
import { createTokenVerifier } from "./lib/access/token.ts";
import { createCredential } from "./lib/azure/credential.ts";
import { createTableClient } from "./lib/azure/tables.ts";
import { createVault } from "./lib/azure/vault.ts";
import type { Api } from "./lib/http/route-table.ts";
import { secrets, tables } from "./lib/names.ts";
import type { Settings } from "./lib/settings.ts";
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
  const vault = once(() => createVault(settings.VAULT_URI, credential()));
  const signingKeys = once(() => createSigningKeys(() => vault().read(secrets.signingKeys)));
  const verifyToken = once(() =>
    createTokenVerifier(signingKeys(), { issuer: settings.TOKEN_ISSUER, audience: settings.TOKEN_AUDIENCE }),
  );
  const visits = once(() =>
    createVisitorCounter({
      table: createTableClient(settings.TABLES_ENDPOINT, tables.visits, credential()),
      pages: settings.PAGES,
      timeZone: settings.SITE_TIME_ZONE,
    }),
  );
  const checkDependencies = once(() =>
    createDependencyChecks([() => visits().read(settings.PAGES[0] as string), () => signingKeys()()]),
  );
  return {
    get checkDependencies() {
      return checkDependencies();
    },
    generateSigningKeys,
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
