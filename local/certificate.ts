// The development certificate: made once, kept in the data dir, renewed before it ends, trusted through NODE_EXTRA_CA_CERTS.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generate } from "selfsigned";

export type Certificate = { cert: string; key: string; certPath: string; keyPath: string };

const DAY = 24 * 60 * 60 * 1000;
const LIFETIME_DAYS = 365;
const RENEW_BEFORE_DAYS = 30;

/** The certificate kept in `dir`, or a new one if there is none, it does not fit its key, or it ends within thirty days. */
export async function loadCertificate(dir: string, now = new Date()): Promise<Certificate> {
  const paths = { certPath: join(dir, "localhost.pem"), keyPath: join(dir, "localhost.key") };
  const kept = await readKept(paths, now);
  if (kept) return kept;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const made = await make(now);
  await writeFile(paths.keyPath, made.key, { mode: 0o600 });
  await writeFile(paths.certPath, made.cert);
  return { ...made, ...paths };
}

async function readKept(paths: { certPath: string; keyPath: string }, now: Date): Promise<Certificate | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(paths.certPath, "utf8"), readFile(paths.keyPath, "utf8")]);
    const ends = new X509Certificate(cert).validToDate.getTime();
    const fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    return fits && ends - now.getTime() > RENEW_BEFORE_DAYS * DAY ? { cert, key, ...paths } : undefined;
  } catch {
    // Absent, half written or not a certificate: a new one costs nothing.
    return undefined;
  }
}

async function make(now: Date): Promise<{ cert: string; key: string }> {
  const made = await generate([{ name: "commonName", value: "Vitae local development" }], {
    keyType: "ec",
    algorithm: "sha256",
    // An hour back, for a laptop whose clock was just corrected.
    notBeforeDate: new Date(now.getTime() - 60 * 60 * 1000),
    notAfterDate: new Date(now.getTime() + LIFETIME_DAYS * DAY),
    extensions: [
      // Not an authority: whoever gets hold of the key can speak for loopback and for nothing else.
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
  return { cert: made.cert, key: made.private };
}
