// A vault in memory with a clock of its own, for tests in virtual time.
import { AppError } from "../errors.ts";
import type { SecretVersion, Vault } from "./vault.ts";

type Stored = SecretVersion & { readonly value: string };
type CallName = "list" | "readVersion" | "write" | "disable";

export type MemoryVault = Vault & {
  /** Calls that fail from now on, as if the vault were down. */
  down: readonly CallName[];
  /** Calls so far, also failed ones. */
  readonly calls: Record<CallName, number>;
  /** The names of versions that were read. */
  readonly versionsRead: string[];
};

export const allCalls = ["list", "readVersion", "write", "disable"] as const;

/** @param now milliseconds since 1970 */
export function createMemoryVault(now: () => number = Date.now): MemoryVault {
  const secrets = new Map<string, Stored[]>();
  let last = 0;

  async function call(name: CallName): Promise<void> {
    vault.calls[name] += 1;
    await Promise.resolve();
    if (vault.down.includes(name)) throw new AppError("DEPENDENCY_UNAVAILABLE", "The vault is down");
  }
  const find = (name: string, version: string) => secrets.get(name)?.find((each) => each.version === version);

  const vault: MemoryVault = {
    down: [],
    calls: { list: 0, readVersion: 0, write: 0, disable: 0 },
    versionsRead: [],
    async read(name) {
      await call("readVersion");
      const newest = secrets.get(name)?.at(-1);
      return newest && { value: newest.value, version: newest.version };
    },
    async list(name) {
      await call("list");
      const versions = (secrets.get(name) ?? []).map(({ value: _, ...version }) => version);
      return versions.toSorted((a, b) => (a.version < b.version ? -1 : 1));
    },
    async readVersion(name, version) {
      await call("readVersion");
      vault.versionsRead.push(version);
      const found = find(name, version);
      return found?.enabled ? found.value : undefined;
    },
    async write(name, value) {
      await call("write");
      // Ids without an order, like those of Key Vault, and the same in every run.
      const version = Math.imul(++last, 0x9e3779b1).toString(16).replace("-", "f").padStart(32, "0");
      const created = { version, createdOn: Math.floor(now() / 1000) * 1000 };
      secrets.set(name, [...(secrets.get(name) ?? []), { ...created, enabled: true, value }]);
      return created;
    },
    async disable(name, version) {
      await call("disable");
      const disabled = (each: Stored) => (each.version === version ? { ...each, enabled: false } : each);
      secrets.set(name, (secrets.get(name) ?? []).map(disabled));
    },
  };
  return vault;
}
