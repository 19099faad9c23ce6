// npm run site: builds the page of site/resume.json for a website.
import { z } from "zod";
import { readCommandLine } from "../scripts/command-line.ts";
import { buildSite, RESUME } from "./build-site.ts";
import { readResume } from "./read-resume.ts";

const { flags } = readCommandLine({
  name: "npm run site",
  about: "Checks site/resume.json and builds its page, with styles and scripts.",
  flags: {
    out: { value: "FOLDER", about: "to write to", default: "site/dist" },
    api: { value: "URL", about: "base URL of the API", default: "/api" },
    url: { value: "URL", about: "address of the page, for previews of links to it" },
    resume: { value: "FILE", about: "the résumé", default: RESUME },
  },
});

const { out, api, url, resume } = flags;
const address = z.url({ protocol: /^https?$/ });
const invalid = [
  ...(api === "/api" || address.safeParse(api).success ? [] : [`--api must be an http(s):// URL; received "${api}".`]),
  ...(url === undefined || address.safeParse(url).success
    ? []
    : [`--url must be an http(s):// URL; received "${url}".`]),
];
try {
  if (invalid.length > 0) throw new Error(invalid.join("\n"));
  buildSite(readResume(resume), { out, api, url });
  process.stdout.write(`Wrote ${out}/index.html.\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
