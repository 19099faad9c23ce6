// Builds the page of site/ for the deployed app, and uploads it to the container of the stage's static website.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { SITE_CONTAINER } from "../../../functions/lib/names.ts";
import { buildSite, RESUME } from "../../../site/build-site.ts";
import { readResume } from "../../../site/read-resume.ts";
import { createAz } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { MINUTE, retryWhileDenied } from "../retry.ts";
import type { DeployTarget } from "../target.ts";
import type { App } from "./deployed-app.ts";

/** az itself can wait for ever. */
const CALL_MS = 2 * MINUTE;

/**
 * How each kind of file is served, in the order of upload: the page last, so that it never refers to a missing file.
 * Names of styles and scripts have no hash, hence the short time.
 */
const kinds: Readonly<Record<string, { readonly type: string; readonly cacheControl: string }>> = {
  ".css": { type: "text/css; charset=utf-8", cacheControl: "public, max-age=300" },
  ".js": { type: "text/javascript; charset=utf-8", cacheControl: "public, max-age=300" },
  ".html": { type: "text/html; charset=utf-8", cacheControl: "no-cache" },
};
const order = Object.keys(kinds);

/**
 * Replaces the files of the page, and neither lists nor deletes anything: public images are in the same container. One
 * upload for each file, since `upload-batch` exits with 0 when a file failed.
 * @throws {Error} when the résumé is invalid, or CommandError of the first upload that fails or takes two minutes; a
 * denied permission is retried for ten minutes first
 */
export async function publishPage(context: DeployContext, target: DeployTarget, app: App): Promise<void> {
  const az = createAz(context.run, CALL_MS);
  const url = await app.siteUrl();
  const out = await mkdtemp(join(tmpdir(), "vitae-page-"));
  try {
    buildSite(readResume(RESUME), { out, api: `${await app.url()}/api`, url });
    const files = (await readdir(out)).toSorted((a, b) => order.indexOf(extname(a)) - order.indexOf(extname(b)));
    // All of them again after a denial: each upload can be repeated.
    const upload = async () => {
      for (const file of files) await uploadFile(file);
    };
    // In the first deployment with a page the role on the container is minutes old.
    await retryWhileDenied(context, upload);
  } finally {
    await rm(out, { recursive: true });
  }
  context.log(`The page is at ${url}`);

  async function uploadFile(name: string): Promise<void> {
    const kind = kinds[extname(name)];
    if (kind === undefined) throw new Error(`${name} has no content type: add ${extname(name)} to publish-page.ts.`);
    await az(
      ...["storage", "blob", "upload", "--account-name", target.names.siteAccount, "--auth-mode", "login"],
      ...["--container-name", SITE_CONTAINER, "--name", name, "--file", join(out, name), "--overwrite", "true"],
      ...["--content-type", kind.type, "--content-cache-control", kind.cacheControl],
    );
  }
}
