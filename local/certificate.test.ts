// When the development certificate is kept, and when it is replaced.
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadCertificate } from "./certificate.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vitae-certificate-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const inDays = (days: number) => new Date(Date.now() + days * 24 * 60 * 60 * 1000);

test("the certificate covers loopback only, cannot sign others, and its key has mode 600", async () => {
  const { cert, keyPath } = await loadCertificate(dir);
  const { subjectAltName, ca } = new X509Certificate(cert);
  expect(subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
  expect(ca).toBe(false);
  expect(statSync(keyPath).mode & 0o777).toBe(0o600);
});

test("the certificate is reused at the next start", async () => {
  expect(await loadCertificate(dir)).toEqual(await loadCertificate(dir));
});

test("the certificate is renewed in its last thirty days, and not before", async () => {
  const first = await loadCertificate(dir);
  expect(await loadCertificate(dir, inDays(334))).toEqual(first);
  const renewed = await loadCertificate(dir, inDays(336));
  expect(renewed.cert).not.toBe(first.cert);
  expect(await loadCertificate(dir, inDays(336))).toEqual(renewed);
});

test("a certificate without its key, or half written, is replaced", async () => {
  const first = await loadCertificate(dir);
  writeFileSync(first.keyPath, (await loadCertificate(join(dir, "other"))).key);
  const second = await loadCertificate(dir);
  expect(second.cert).not.toBe(first.cert);
  writeFileSync(second.certPath, second.cert.slice(0, 100));
  expect((await loadCertificate(dir)).cert).not.toBe(second.cert);
});
