// Counts one visit per page view with Vitae and writes the visitor's number into the page.
//
//   <script defer src="visitor-counter.js" data-page="resume" data-api="https://api.example.com/api"></script>
//   <p data-visitor-count="You are visitor {count} of this page.">You are one of the visitors of this page.</p>
//
// On the script: data-page is the counted page (resume), data-api the API's base URL (/api on this origin),
// data-timeout the milliseconds to wait for the number (10000: a cold start takes seconds).
// On an element: data-visitor-count is its text once the number is known; left empty, it is the number alone.
// Until then, and whenever there is no number, the element keeps the text it came with.
//
// A classic script, because only those know their own tag through document.currentScript, need no CORS from
// another origin and work from a file; as a module, it finds its tag by name.

(async () => {
  const counted = Symbol.for("vitae.visitor-counter");
  if (document[counted]) return;
  document[counted] = true;

  const tag = document.currentScript ?? document.querySelector('script[src*="visitor-counter"]');
  const { page = "resume", api = "/api", timeout } = tag?.dataset ?? {};

  // The number stands in a sentence of the page, so it follows the page's language, not the browser's.
  const localized = (count, language) => {
    try {
      return new Intl.NumberFormat(language || undefined).format(count);
    } catch {
      return new Intl.NumberFormat().format(count);
    }
  };

  try {
    // A prerendered page may never be seen: it is a visit once it is shown. Nothing listens to pageshow: a page
    // restored from the back/forward cache is the view that was counted, and its visitor keeps the number.
    if (document.prerendering) {
      await new Promise((shown) => document.addEventListener("prerenderingchange", shown, { once: true }));
    }

    // No body and no header of our own: another origin needs no preflight. keepalive: whoever leaves before the
    // connection stands has visited all the same. One attempt: a failed answer does not say whether the visit
    // was counted, and a retry could count it twice.
    const answer = await fetch(`${api.replace(/\/+$/, "")}/v1/visits/${encodeURIComponent(page)}`, {
      method: "POST",
      credentials: "omit",
      keepalive: true,
      signal: AbortSignal.timeout(Number(timeout) || 10_000),
    });
    if (!answer.ok) return;
    const { count } = await answer.json();
    // No counted visit is below 1. A degraded answer has the last known total: near enough to greet a visitor with.
    if (!Number.isSafeInteger(count) || count < 1) return;

    if (document.readyState === "loading") {
      await new Promise((parsed) => document.addEventListener("DOMContentLoaded", parsed, { once: true }));
    }
    for (const element of document.querySelectorAll("[data-visitor-count]")) {
      const number = localized(count, element.closest("[lang]")?.lang);
      const text = element.dataset.visitorCount || "{count}";
      element.textContent = text.replaceAll("{count}", () => number);
    }
  } catch {
    // Down, slow, or not an API: the page says what it said before, and the browser has logged the rest.
  }
})();
