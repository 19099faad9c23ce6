// Counts one visit per page view with Vitae and shows the visitor's number on the page.
//
//   <script defer src="visitor-counter.js" data-page="resume" data-api="https://api.example.com/api"></script>
//   <p data-visitor-count="You are visitor {count} of this page.">You are one of the visitors of this page.</p>
//
// Attributes of the script:
//   data-page     the counted page (default: resume)
//   data-api      base URL of the API (default: /api on this origin)
//   data-timeout  milliseconds to wait for the number (default: 10000, since a cold start takes seconds)
//   data-debug    logs why no number arrived; on localhost this is the default
// Attribute of an element: data-visitor-count is its text with the number; if empty, the text is the number alone.
// The element keeps its original text until the number arrives, and if no number arrives. An element that appears up to
// a minute later is filled too.
//
// A classic script: it can read its own tag from document.currentScript, needs no CORS from another origin and works
// from a file. As a module, it finds its tag by the file name.

(async () => {
  const isCounted = Symbol.for("vitae.visitor-counter");
  if (document[isCounted]) return;
  document[isCounted] = true;

  const tag = document.currentScript ?? document.querySelector('script[src*="visitor-counter"]');
  const { page = "resume", api = "/api", timeout, debug } = tag?.dataset ?? {};
  const url = `${api.replace(/\/+$/, "")}/v1/visits/${encodeURIComponent(page)}`;
  const timeoutMs = Number(timeout) || 10_000;

  const warn = (reason) => {
    if (debug === undefined && !/^(localhost|127\.0\.0\.1|\[::1\])?$/.test(location.hostname)) return;
    const hint = /\/api\/*$/.test(api) ? "" : ` Is data-api="${api}" without the /api at its end?`;
    console.warn(`visitor-counter: no number. ${url} ${reason}${hint}`);
  };

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
    const response = await fetch(url, {
      method: "POST",
      credentials: "omit",
      keepalive: true,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { count, error } = (await response.json()) ?? {};
    // A count starts at 1. A degraded response has the last known total, which is close enough to show.
    if (!response.ok || !Number.isSafeInteger(count) || count < 1) {
      return warn(`returned ${response.status}: ${error?.message ?? "it is not the API."}`);
    }

    if (document.readyState === "loading") {
      await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
    }
    const filled = new WeakSet();
    const fill = () => {
      for (const element of document.querySelectorAll("[data-visitor-count]")) {
        if (filled.has(element)) continue;
        filled.add(element);
        const number = format(count, element.closest("[lang]")?.lang);
        const text = element.dataset.visitorCount || "{count}";
        element.textContent = text.replaceAll("{count}", () => number);
      }
    };
    fill();
    const observer = new MutationObserver(fill);
    observer.observe(document, { childList: true, subtree: true });
    setTimeout(() => observer.disconnect(), 60_000);
  } catch ({ name }) {
    // The API is down, slow or no API at all: the page keeps its text.
    const reasons = { TimeoutError: `did not respond within ${timeoutMs} ms.`, SyntaxError: "did not return JSON." };
    warn(reasons[name] ?? `cannot be read. Does it run, and do its CORS origins include ${location.origin}?`);
  }
})();
