// The document of a résumé: everything in it is text, and links lead to pages and mail only.
import sample from "@jsonresume/schema/sample.resume.json" with { type: "json" };
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyText } from "../functions/lib/any-text.fixture.ts";
import { html, linkAddress } from "./html.ts";
import resume from "./resume.json" with { type: "json" };
import type { Resume } from "./resume.ts";
import { renderPage } from "./resume-page.ts";

/** A résumé with all sections, in which each text that is no date and no address is the given one. */
function filledWith(text: string): Resume {
  const keep = /^(?:\d{4}(?:-\d\d)*|https?:.*|mailto:.*)$/;
  const all = { ...sample, certificates: [{ name: "x", issuer: "x", date: "2021" }] };
  return JSON.parse(JSON.stringify(all), (_, value) => (typeof value === "string" && !keep.test(value) ? text : value));
}

it("no text of a résumé adds a tag or an attribute", () => {
  const options = { api: "https://api.example/api", url: "https://me.example/" };
  const characters = ["<", ">", '"', "'"];
  const countsOf = (page: string) => characters.map((character) => page.split(character).length);
  const plain = countsOf(renderPage(filledWith("x"), options));
  const parts = fc.constantFrom(
    "<",
    ">",
    '"',
    "'",
    "&",
    "=",
    "/",
    " ",
    "\n",
    "script",
    "onload",
    "--",
    "]]>",
    "${",
    "x",
  );
  const markup = fc.array(parts, { maxLength: 12 }).map((list) => list.join(""));
  fc.assert(
    fc.property(fc.oneof(markup, anyText()), (text) => {
      expect(countsOf(renderPage(filledWith(`x${text}`), options))).toEqual(plain);
    }),
  );
});

it.each([
  "javascript:alert(1)",
  "JAVASCRIPT:alert(1)",
  " javascript:alert(1)",
  "java\nscript:x",
  "data:text/html,x",
  "vbscript:x",
  "//x",
  "x",
])("no link leads to %j, also when the résumé was not checked", (url) => {
  const page = renderPage({
    basics: { name: "Ada", url, image: url, profiles: [{ network: "X", url }] },
    work: [{ name: "X", url }],
  });
  expect(page).not.toMatch(/<a |<img /);
  expect(linkAddress(url)).toBeUndefined();
});

it("html escapes attributes and keeps nested html", () => {
  const inner = html`<b title="${`"'`}">${"<&>"}</b>`;
  expect(html`<p>${[inner, undefined, false, 0]}</p>`.html).toBe('<p><b title="&quot;&#39;">&lt;&amp;&gt;</b>0</p>');
});

it("the page has the tags of previews, with its own address where it is known", () => {
  const page = renderPage(
    { ...resume, basics: { ...resume.basics, image: "https://me.example/me.jpg" } },
    { url: "https://me.example/" },
  );
  for (const tag of [
    '<meta property="og:title" content="Tove Okoye-Brandt, Software engineer for charts, tides and sensors at sea">',
    '<meta property="og:type" content="profile">',
    '<meta property="og:url" content="https://me.example/">',
    '<meta property="og:image" content="https://me.example/me.jpg">',
    '<link rel="canonical" href="https://me.example/">',
  ])
    expect(page).toContain(tag);
  expect(/<meta name="description" content="([^"]*)">/.exec(page)?.[1]?.length).toBeLessThanOrEqual(160);
});

it("the page calls the API of the build, and its policy permits that one only", () => {
  const page = renderPage(resume, { api: "https://api.example/api" });
  expect(page).toContain(
    '<script defer src="visitor-counter.js" data-page="resume" data-api="https://api.example/api">',
  );
  expect(page).toContain("connect-src &#39;self&#39; https://api.example; base-uri");
});
