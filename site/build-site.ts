// Writes the site: the page of a résumé, its styles and its scripts.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Resume } from "./resume.ts";
import { type PageOptions, renderPage } from "./resume-page.ts";

/** The résumé of this folder. */
export const RESUME = join(import.meta.dirname, "resume.json");

/** Served as they are. */
export const files = ["style.css", "images.css", "print.css", "visitor-counter.js", "gallery.js"] as const;

const NOT_FOUND = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Not found</title>
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>
    <main>
      <h1>Not found</h1>
      <p>Nothing is at this address. <a href="/">To the résumé</a></p>
    </main>
  </body>
</html>
`;

export type SiteOptions = PageOptions & {
  /** Folder to write to, created if it does not exist. */
  readonly out: string;
};

/** @param resume as `readResume` returns it */
export function buildSite(resume: Resume, { out, ...options }: SiteOptions): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "index.html"), renderPage(resume, options));
  writeFileSync(join(out, "404.html"), NOT_FOUND);
  for (const file of files) copyFileSync(join(import.meta.dirname, file), join(out, file));
}
