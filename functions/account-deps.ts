// The dependencies of sign-in: the vault and its keys, tokens, users and sessions.
import { type AccountLog, createAccountLog } from "./accounts/account-log.ts";
import { type CredentialStore, createCredentialStore } from "./accounts/credentials.ts";
import { createKeyRotation, type KeyRotation } from "./accounts/keys-rotation.ts";
import { createPasswords } from "./accounts/passwords.ts";
import { createRows, type Rows } from "./accounts/rows.ts";
import { createSeededOwner } from "./accounts/seeded-owner.ts";
import { createSessionRows } from "./accounts/session-rows.ts";
import { createSessions } from "./accounts/sessions.ts";
import { createSignIn } from "./accounts/sign-in.ts";
import { createUsers, type Users } from "./accounts/users-table.ts";
import { type Authenticate, createAuthenticate } from "./lib/access/authenticate.ts";
import { createEntraVerifier, entraIssuer } from "./lib/access/entra-token.ts";
import { createKeyRing, type KeyRing } from "./lib/access/key-ring.ts";
import { createRosterView, type RosterView } from "./lib/access/roster-view.ts";
import { generateSigningKey } from "./lib/access/signing-keys.ts";
import { createTokenIssuer, createTokenVerifier, type IssueToken, type TokenVerifier } from "./lib/access/token.ts";
import { checkTable, type TableClient } from "./lib/azure/tables.ts";
import { createVault } from "./lib/azure/vault.ts";
import { consoleLog } from "./lib/log.ts";
import { tables } from "./lib/names.ts";
import type { Settings } from "./lib/settings-schema.ts";
import { createStoreClock } from "./lib/store-clock.ts";
import type { Platform } from "./platform-deps.ts";

const CHECK_MS = 3_000;
const DAY_MS = 24 * 60 * 60_000;

export function accountDeps(settings: Settings, platform: Platform) {
  return {
    get vault() {
      // The clock of accounts is right even while no token is accepted, so that no request reads the roster.
      return createVault(settings.VAULT_URI, platform.credential, (date) => this.accountsClock.observe(date));
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
      const { vault, keyRing, accountsClock: clock, generateSigningKey: generate } = this;
      return createKeyRotation({ vault, keyRing, clock, meter: platform.meter, generate, ...this.keyTimes });
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
    get usersTable(): TableClient {
      return platform.table(tables.users, 0);
    },
    get userRows(): Rows {
      return this.accountRows(tables.users);
    },
    accountRows(table: string): Rows {
      const [reads, writes] = [platform.table(table, 2), platform.table(table, 0)];
      return createRows({ name: table, reads, writes, clock: this.accountsClock });
    },
    get users(): Users {
      return createUsers({
        rows: this.userRows,
        checkTable: () => checkTable(this.usersTable, AbortSignal.timeout(CHECK_MS)),
        onRoster: (roster, startedAt) => this.rosterView.accept(roster, startedAt),
      });
    },
    get credentials(): CredentialStore {
      return createCredentialStore(this.userRows);
    },
    get signIn() {
      return createSignIn({ users: this.users, credentials: this.credentials, passwords: this.passwords });
    },
    get accountLog(): AccountLog {
      return createAccountLog({ log: consoleLog, meter: platform.meter });
    },
    appOrigins: { APP_ORIGINS: settings.APP_ORIGINS },
    get sessionRows() {
      return createSessionRows(platform.table(tables.sessions, 0), this.accountsClock);
    },
    get sessions() {
      return createSessions({
        rows: this.sessionRows,
        clock: this.accountsClock,
        log: consoleLog,
        meter: platform.meter,
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

    get passwords() {
      return createPasswords({ gate: platform.heavyWork.hashes });
    },
  };
}
