// Counts one visit per page view with Vitae and shows the visitor's number on the page.
//
//   <script defer src="visitor-counter.js" data-page="resume" data-api="https://api.example.com/api"></script>
//   <p data-visitor-count="You are visitor {count} of this page.">You are one of the visitors of this page.</p>
//
// Attributes of the script:
//   data-page     the counted page (default: resume)
//   data-api      base URL of the API (default: /api on this origin)
//   data-timeout  milliseconds to wait for the number (default: 10000, since a cold start takes seconds)
// Attribute of an element: data-visitor-count is its text with the number; if empty, the text is the number alone.
// The element keeps its original text until the number arrives, and if no number arrives.
//
// A classic script: it can read its own tag from document.currentScript, needs no CORS from another origin and works
// from a file. As a module, it finds its tag by the file name.

(async () => {
  const isCounted = Symbol.for("vitae.visitor-counter");
  if (document[isCounted]) return;
  document[isCounted] = true;

  const tag = document.currentScript ?? document.querySelector('script[src*="visitor-counter"]');
  const { page = "resume", api = "/api", timeout } = tag?.dataset ?? {};

  // The number is part of a sentence on the page, so its format follows the page's language, not the browser's.
  const format = (count, language) => {
    try {
      return new Intl.NumberFormat(language || undefined).format(count);
    } catch {
      return new Intl.NumberFormat().format(count);
    }
  };

  try {
    // A prerendered page is a visit only once it is shown. A page restored from the back/forward cache was counted
    // already, so nothing listens to pageshow.
    if (document.prerendering) {
      await new Promise((resolve) => document.addEventListener("prerenderingchange", resolve, { once: true }));
    }

    // No body and no custom header: another origin needs no preflight. keepalive: a visitor who leaves before the
    // request is sent still counts. No retry: a failed response may belong to a counted visit.
    const response = await fetch(`${api.replace(/\/+$/, "")}/v1/visits/${encodeURIComponent(page)}`, {
      method: "POST",
      credentials: "omit",
      keepalive: true,
      signal: AbortSignal.timeout(Number(timeout) || 10_000),
    });
    if (!response.ok) return;
    const { count } = await response.json();
    // A count starts at 1. A degraded response has the last known total, which is close enough to show.
    if (!Number.isSafeInteger(count) || count < 1) return;

    if (document.readyState === "loading") {
      await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
    }
    for (const element of document.querySelectorAll("[data-visitor-count]")) {
      const number = format(count, element.closest("[lang]")?.lang);
      const text = element.dataset.visitorCount || "{count}";
      element.textContent = text.replaceAll("{count}", () => number);
    }
  } catch {
    // The API is down, slow or no API at all: the page keeps its text, and the browser has logged the error.
  }
})();
