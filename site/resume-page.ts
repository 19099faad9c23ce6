// The page of a résumé: complete without script, except for the visitor's number and the gallery. Pure.
import { type Html, html, linkAddress } from "./html.ts";
import type { Resume } from "./resume.ts";
import { sections } from "./resume-sections.ts";

export type PageOptions = {
  /** Base URL of the API. @default /api on the page's own origin */
  readonly api?: string | undefined;
  /** Address of the page itself, for links to it from elsewhere. */
  readonly url?: string | undefined;
};

const DEFAULT_API = "/api";
/** As long as search engines and previews show a description. */
const DESCRIPTION_LENGTH = 160;
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke='%2323707d' stroke-width='1.6'%3E%3Cpath d='M1 5q3.5-4 7 0t7 0M1 10q3.5-4 7 0t7 0M1 15q3.5-4 7 0t7 0'/%3E%3C/svg%3E";

/** Storage sends no headers, so the policy is in the page. Images of the gallery may be anywhere. */
function policy(api: string): string {
  const { origin } = URL.parse(api) ?? {};
  const connections = ["'self'", origin].filter(Boolean).join(" ");
  return `default-src 'none'; script-src 'self'; style-src 'self'; img-src * data:; connect-src ${connections}; base-uri 'none'; form-action 'none'`;
}

function described({ name, label, summary }: Resume["basics"]): string {
  const text = [`Résumé of ${name}${label ? `, ${label}` : ""}.`, summary].filter(Boolean).join(" ");
  if (text.length <= DESCRIPTION_LENGTH) return text;
  return `${text.slice(0, text.lastIndexOf(" ", DESCRIPTION_LENGTH - 1))} …`;
}

function meta({ basics }: Resume, { url }: PageOptions): readonly Html[] {
  const { name, label, image } = basics;
  const tags: Readonly<Record<string, string | undefined>> = {
    "og:type": "profile",
    "og:title": label ? `${name}, ${label}` : name,
    "og:description": described(basics),
    "og:url": url,
    "og:image": linkAddress(image),
    "og:locale": "en",
  };
  return Object.entries(tags).flatMap(([property, content]) =>
    content === undefined
      ? []
      : [
          html`
    <meta property="${property}" content="${content}">`,
        ],
  );
}

const names = new Intl.DisplayNames("en", { type: "region", fallback: "code" });
const country = (code: string) => (/^[A-Za-z]{2}$/.test(code) ? names.of(code.toUpperCase()) : code);

function contacts({ location = {}, email, phone, url, profiles = [] }: Resume["basics"]): readonly Html[] {
  const { city, region, countryCode } = location;
  const place = [city, region, countryCode && country(countryCode)].filter(Boolean).join(", ");
  const link = (address: string | undefined, text: string) => {
    const href = linkAddress(address);
    return href ? html`<a href="${href}">${text}</a>` : html`${text}`;
  };
  return [
    ...(place ? [html`${place}`] : []),
    ...(email ? [link(`mailto:${email}`, email)] : []),
    ...(phone ? [html`<a href="tel:${phone.replace(/[^+\d]/g, "")}">${phone}</a>`] : []),
    ...(url ? [link(url, url.replace(/^https?:\/\/|\/$/g, ""))] : []),
    ...profiles.map((it) => link(it.url, [it.network, it.username].filter(Boolean).join(": "))),
  ];
}

/** @returns the whole document */
export function renderPage(resume: Resume, options: PageOptions = {}): string {
  const { basics } = resume;
  const { name, label, image } = basics;
  const { api = DEFAULT_API, url } = options;
  const dataApi = api === DEFAULT_API ? undefined : html` data-api="${api}"`;
  const canonical = linkAddress(url);
  const photo = linkAddress(image);
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="${policy(api)}">
    <meta name="color-scheme" content="light dark">
    <meta name="description" content="${described(basics)}">
    <title>${label ? `${name}, ${label}` : name}</title>${meta(resume, options)}${
      canonical &&
      html`
    <link rel="canonical" href="${canonical}">`
    }
    <link rel="icon" href="${ICON}">
    <link rel="stylesheet" href="style.css">
    <link rel="stylesheet" href="images.css">
    <link rel="stylesheet" href="print.css" media="print">
    <script defer src="visitor-counter.js" data-page="resume"${dataApi}></script>
    <script defer src="gallery.js"${dataApi}></script>
  </head>
  <body>
    <header>
      <div class="running-head">
        <p data-visitor-count="You are visitor {count} of this page.">You are one of the visitors of this page.</p>
        <p>Curriculum vitae</p>
      </div>${
        photo &&
        html`
      <img class="photo" src="${photo}" alt="${name}" width="128" height="128">`
      }
      <h1>${name}</h1>${
        label &&
        html`
      <p class="role">${label}</p>`
      }
      <address>
        <ul>${contacts(basics).map(
          (contact) => html`
          <li>${contact}</li>`,
        )}
        </ul>
      </address>
    </header>

    <main>${sections(resume)}
      <section aria-labelledby="gallery" data-gallery hidden>
        <h2 id="gallery">Gallery</h2>
        <div class="gallery"></div>
      </section>
    </main>

    <footer>
      <p>Each visit of this page is counted once, without cookies.</p>
    </footer>
  </body>
</html>
`.html;
}
