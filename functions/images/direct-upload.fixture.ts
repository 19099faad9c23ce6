// Direct uploads against Azurite, for tests: the routes, a client, and the stores behind.
import { expect } from "vitest";
import { createBlobService } from "../lib/azure/blob-service.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createDelegationKeys } from "../lib/azure/delegation-keys.ts";
import { createLinkSigner } from "../lib/azure/link-signer.ts";
import { AppError } from "../lib/errors.ts";
import { type Call, invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { containers } from "../lib/names.ts";
import { blobsUri } from "../lib/test-services.fixture.ts";
import { createIssueUploadLink } from "../sas/issue-upload-link.ts";
import { openContainer, openIntake, openTable } from "./intake.fixture.ts";
import { testImage } from "./test-images.fixture.ts";
import { createUploadGate } from "./upload.ts";
import { commitUpload } from "./upload-commit.ts";
import { createUploadLink } from "./upload-link.ts";
import { createUploadRows } from "./upload-rows.ts";

const service = createBlobService(blobsUri, createCredential(undefined));
export const { intake, records: images } = openIntake();
export const staged = openContainer(containers.uploads);
export const uploads = createUploadRows(openTable());
export const deps = {
  async authenticate(authorization: string | null) {
    if (authorization === null) throw new AppError("UNAUTHENTICATED", "No token.");
    return { subject: authorization.slice("Bearer ".length), role: "editor" as const };
  },
  ...{ intake, images, staged, uploads },
  uploadGate: createUploadGate(),
  issueUploadLink: createIssueUploadLink({
    keys: createDelegationKeys({ service }),
    sign: createLinkSigner(service, undefined),
  }),
};
const route = routesFor<typeof deps>();
const openRoute = route("upload-link", "POST", "/v1/uploads", "images:write", "none", createUploadLink);
export const commitRoute = route(
  "upload-commit",
  "POST",
  "/v1/uploads/{id:guid}/commit",
  "images:write",
  "none",
  commitUpload,
);
export const png = await testImage("png");

export const unoptimized = (call: Call): Call => ({ ...call, url: "http://localhost/api/x?optimize=false" });

export type Opened = { id: string; url: string; method: string; headers: Record<string, string>; expiresAt: string };

/** What a browser does, as the owner that the test names. */
export function openDirectUploads(ownerOf: () => string) {
  const requestOpen = (body: object = {}, routeDeps = deps) =>
    invoke(openRoute, routeDeps, {
      method: "POST",
      headers: { authorization: `Bearer ${ownerOf()}`, "content-type": "application/json" },
      body: JSON.stringify({ filename: "Zoë.png", contentType: "image/png", size: png.byteLength, ...body }),
    });
  async function open(body?: object): Promise<Opened> {
    const { status, text } = await requestOpen(body);
    expect(status, text).toBe(201);
    return JSON.parse(text);
  }
  const send = ({ url, method, headers }: Opened, body: Uint8Array = png, more: Record<string, string> = {}) =>
    fetch(url, { method, headers: { ...headers, ...more }, body: new Uint8Array(body) });
  const commit = (id: string, subject = ownerOf(), routeDeps = deps) =>
    invoke(commitRoute, routeDeps, { method: "POST", headers: { authorization: `Bearer ${subject}` }, params: { id } });
  const isStaged = async ({ id }: { id: string }) => (await staged.etag(`${ownerOf()}/${id}`)) !== undefined;
  return { commit, isStaged, open, requestOpen, send };
}
