// Simulates the deployment API of a Flex Consumption app, with its ways to fail.
import type { Package, StageFaults, StageState } from "./stage-state.fixture.ts";

export const SCM_HOST = "vitae.scm.westeurope-01.azurewebsites.net";
/** A token of the login; it must not appear in a log. */
export const SCM_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcm0ifQ.s3cr3t";

/** The response to an upload that is not accepted. */
const rejections: Readonly<Record<string, readonly [status: number, text: string]>> = {
  "is forbidden": [403, "The client has no permission on the site."],
  conflicts: [409, "A deployment is in progress."],
  "is unavailable": [503, "Site Unavailable"],
  "rejects the upload": [400, "The zip has no host.json."],
};
/** The states of an accepted upload that follow each other, the last one for ever. */
const deployments: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  "cannot store": [
    { status: 2 },
    {
      status: 3,
      status_text:
        "InaccessibleStorageException: Failed to access storage account for deployment: BlobUploadFailedException: Response status code does not indicate success: 403 (This request is not authorized to perform this operation.).",
    },
  ],
  "rejects the package": [{ status: 3, status_text: "InvalidPackageContentException: package.json has no main" }],
  "is cancelled": [{ status: 5, status_text: "Deployment was cancelled" }],
  "accepts partly": [{ status: 2 }, { status: 6, message: "Kudu has been restarted after package deployed" }],
  "deploys for ever": [{ status: 1 }],
};
const ACCEPTED = [{ status: 1 }, { status: 4 }];

const timeout = () => new DOMException("The operation was aborted due to timeout", "TimeoutError");
const unreachable = (code: string) => new TypeError("fetch failed", { cause: { code } });

/** Takes the faults of `publishing` one after the other: `hangs`, `is unreachable`, `forgets`, or one of the above. */
export function createSimulatedKudu(state: StageState, faults: StageFaults) {
  const known = new Map<string, Readonly<Record<string, unknown>>[]>();

  function publish(body: Uint8Array): Response {
    const fault = faults.publishing.shift() ?? "";
    if (fault === "is unreachable") throw unreachable("ENOTFOUND");
    if (fault === "hangs") {
      state.now += 4 * 60_000;
      throw timeout();
    }
    const [status, text] = rejections[fault] ?? [];
    if (status) return new Response(text, { status });
    const id = `d-${known.size}`;
    const states = deployments[fault] ?? ACCEPTED;
    if (fault !== "forgets") known.set(id, [...states]);
    const isStored = ["", "forgets", "accepts partly"].includes(fault);
    if (isStored) state.deployed = JSON.parse(Buffer.from(body).toString()) as Package;
    return Response.json(id, { status: 202 });
  }

  return (address: URL, init: RequestInit = {}): Response => {
    state.commands.push(`${init.method ?? "GET"} ${address.pathname}`);
    if (new Headers(init.headers).get("authorization") !== `Bearer ${SCM_TOKEN}`)
      return new Response("", { status: 401 });
    if (address.pathname === "/api/publish") return publish(init.body as Uint8Array);
    const states = known.get(address.pathname.split("/").at(-1) ?? "");
    if (!states) return new Response("", { status: 404 });
    return Response.json(states.length > 1 ? states.shift() : states[0]);
  };
}
