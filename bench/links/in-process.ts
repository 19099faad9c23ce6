// A child process that signs links one after the other, as Vitae does and with a key for each link.
import { subscribe } from "node:diagnostics_channel";
import { createBlobService } from "../../functions/lib/azure/blob-service.ts";
import { createCredential } from "../../functions/lib/azure/credential.ts";
import { createDelegationKeys } from "../../functions/lib/azure/delegation-keys.ts";
import { createLinkSigner } from "../../functions/lib/azure/link-signer.ts";
import { createIssueLink } from "../../functions/sas/issue-link.ts";
import { serveParent } from "../child.ts";
import { generateLoad, type LoadResult } from "../load.ts";

export type SignRequest = { readonly way: "vitae" | "key-per-link"; readonly ms: number };
/** `requests`: HTTP requests of this process, to anywhere. */
export type SignResult = LoadResult & { readonly requests: number };

const IMAGE = { owner: "owner", id: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b", filename: "a.jpg" };
const OPTIONS = { seconds: 3_600, isStable: false };

const [blobs = ""] = process.argv.slice(2);
const service = createBlobService(blobs, createCredential(undefined));
const newIssueLink = () =>
  createIssueLink({
    keys: createDelegationKeys({ service }),
    sign: createLinkSigner(service, undefined),
  });
const warm = newIssueLink();

let requests = 0;
subscribe("http.client.request.start", () => {
  requests++;
});

serveParent<SignRequest, SignResult>(async ({ way, ms }) => {
  const before = requests;
  // A new signer gets a key of its own, as in code that creates one for each request.
  const result = await generateLoad([() => (way === "vitae" ? warm : newIssueLink())(IMAGE, "thumbnail", OPTIONS)], {
    ms,
  });
  return { ...result, requests: requests - before };
});
