// A token for a stage, against the verifier of the app.
import { decodeJwt } from "jose";
import { expect, it } from "vitest";
import { verifierOf } from "../../../functions/lib/access/keys.fixture.ts";
import { parseSigningKeys } from "../../../functions/lib/access/signing-keys.ts";
import { createVersion, runKeyVault, type StoredVersion } from "./key-vault.fixture.ts";
import { mintToken } from "./mint-token.ts";

const NOW = Math.floor(Date.now() / 1000) * 1000;
const MINUTE_MS = 60_000;

function mint(versions: readonly StoredVersion[], options: Partial<Parameters<typeof mintToken>[0]> = {}) {
  const calls: string[] = [];
  const token = mintToken({
    az: async (...args) => {
      calls.push(args.join(" "));
      return runKeyVault({ name: "vault1", versions }, args);
    },
    vaultName: "vault1",
    config: { settings: {} },
    expiresInSeconds: 60,
    now: () => NOW,
    ...options,
  });
  return { token, calls };
}
const verify = async (token: string, { value }: StoredVersion, parties = { issuer: "vitae", audience: "vitae" }) =>
  verifierOf(parseSigningKeys(value)[0], parties)(`Bearer ${token}`);

it("mintToken signs for the owner with the key that signs now, and reads no other value", async () => {
  const signing = createVersion("a", NOW - 60 * MINUTE_MS);
  const published = createVersion("b", NOW - 5 * MINUTE_MS);
  const disabled = createVersion("c", NOW - 20 * MINUTE_MS, false);
  const { token, calls } = mint([published, disabled, signing]);
  expect(await verify(await token, signing)).toMatchObject({ subject: "owner", role: "owner" });
  const { iat = 0, exp } = decodeJwt(await token);
  expect([iat, exp]).toEqual([NOW / 1000, NOW / 1000 + 60]);
  expect(calls.filter((line) => line.includes("secret show"))).toEqual([
    expect.stringContaining(`--version ${signing.version}`),
  ]);
});

it("mintToken uses the issuer and audience of the stage, and a lower role", async () => {
  const key = createVersion("a", NOW);
  const settings = { TOKEN_ISSUER: "https://api.example.com", TOKEN_AUDIENCE: "portfolio" };
  const { token } = mint([key], { config: { settings }, role: "editor" });
  const parties = { issuer: "https://api.example.com", audience: "portfolio" };
  expect(await verify(await token, key, parties)).toMatchObject({ subject: "owner", role: "editor" });
});

it("mintToken names the vault without a signing key, and quotes no invalid value", async () => {
  const disabled = createVersion("a", NOW, false);
  await expect(mint([disabled]).token).rejects.toThrow(
    "The vault vault1 has no enabled version of signing-keys: deploy, which seeds it.",
  );
  const broken = { ...createVersion("a", NOW), value: '{"kty":"OKP","d":"s3cr3t"}' };
  const error = await mint([broken]).token.catch((thrown: Error) => thrown);
  expect(String(error)).toContain("neither a private Ed25519 key");
  expect(String(error)).not.toContain("s3cr3t");
});
