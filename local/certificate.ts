// The development certificate: created once, kept in the data dir, renewed before it expires. NODE_EXTRA_CA_CERTS trusts it.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generate } from "selfsigned";

export type Certificate = { cert: string; key: string; certPath: string; keyPath: string };

const DAY = 24 * 60 * 60 * 1000;
const LIFETIME_DAYS = 365;
const RENEW_BEFORE_DAYS = 30;

/** The certificate in `dir`; a new one if it is missing, does not match its key, or expires within thirty days. */
export async function loadCertificate(dir: string, now = new Date()): Promise<Certificate> {
  const paths = { certPath: join(dir, "localhost.pem"), keyPath: join(dir, "localhost.key") };
  const stored = await readStored(paths, now);
  if (stored) return stored;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const created = await create(now);
  await writeFile(paths.keyPath, created.key, { mode: 0o600 });
  await writeFile(paths.certPath, created.cert);
  return { ...created, ...paths };
}

async function readStored(paths: { certPath: string; keyPath: string }, now: Date): Promise<Certificate | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(paths.certPath, "utf8"), readFile(paths.keyPath, "utf8")]);
    const expires = new X509Certificate(cert).validToDate.getTime();
    const matches = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    return matches && expires - now.getTime() > RENEW_BEFORE_DAYS * DAY ? { cert, key, ...paths } : undefined;
  } catch {
    // Missing, half written or not a certificate: create a new one.
    return undefined;
  }
}

async function create(now: Date): Promise<{ cert: string; key: string }> {
  const generated = await generate([{ name: "commonName", value: "Vitae local development" }], {
    keyType: "ec",
    algorithm: "sha256",
    // An hour ago, for a laptop whose clock was just corrected.
    notBeforeDate: new Date(now.getTime() - 60 * 60 * 1000),
    notAfterDate: new Date(now.getTime() + LIFETIME_DAYS * DAY),
    extensions: [
      // Not an authority: a stolen key works for loopback names only.
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
  return { cert: generated.cert, key: generated.private };
}
