// Counts a visit and shows its number in elements with data-visitor-count. Attributes: README.md

(async () => {
  if (document.visitorCounter) return;
  document.visitorCounter = true;

  const tag = document.currentScript ?? document.querySelector('script[src*="visitor-counter"]');
  const { page = "resume", api = "/api", once, timeout, debug } = tag?.dataset ?? {};
  const url = `${api.replace(/\/+$/, "")}/v1/visits/${encodeURIComponent(page)}`;

  const warn = (reason) => {
    if (debug === undefined && !/^(localhost|127\..*|\[::1])?$/.test(location.hostname)) return;
    console.warn(`visitor-counter: no number. ${url} ${reason}`);
  };
  const event = (name) => new Promise((resolve) => document.addEventListener(name, resolve));

  // Storage throws where cookies are blocked.
  const attempt = (use) => {
    try {
      return use();
    } catch {}
  };
  const OWNER = "vitae-owner";
  const readHash = () => {
    const { hash, pathname, search } = location;
    const isOwner = hash === `#${OWNER}`;
    if (!isOwner && hash !== "#vitae-visitor") return;
    attempt(() => (isOwner ? localStorage.setItem(OWNER, 1) : localStorage.removeItem(OWNER)));
    // Not to be shared with the address.
    history.replaceState(history.state, "", pathname + search);
  };
  const isCounted = () =>
    attempt(() => localStorage.getItem(OWNER)) ??
    (once !== undefined && attempt(() => sessionStorage.getItem(url) ?? void sessionStorage.setItem(url, 1)));

  try {
    readHash();
    addEventListener("hashchange", readHash);
    // A prerendered page is a visit once shown. One from the back/forward cache was counted before.
    if (document.prerendering) await event("prerenderingchange");
    // No preflight: no body, no headers. No retry: a failed response may belong to a counted visit.
    const response = await fetch(url, {
      method: isCounted() ? "GET" : "POST",
      credentials: "omit",
      keepalive: true,
      signal: AbortSignal.timeout(Number(timeout) || 10_000),
    });
    const { count, error } = (await response.json()) ?? {};
    if (!response.ok || !Number.isSafeInteger(count) || count < 1)
      return warn(`returned ${response.status}: ${error?.message ?? "no count."}`);

    if (document.readyState === "loading") await event("DOMContentLoaded");
    const filled = new WeakSet();
    const fill = () => {
      for (const element of document.querySelectorAll("[data-visitor-count]")) {
        if (filled.has(element)) continue;
        filled.add(element);
        // The language of the page, which may be none.
        const language = element.closest("[lang]")?.lang || [];
        const number = attempt(() => count.toLocaleString(language)) ?? count.toLocaleString();
        element.textContent = (element.dataset.visitorCount || "{count}").replaceAll("{count}", number);
      }
    };
    fill();
    const observer = new MutationObserver(fill);
    observer.observe(document, { childList: true, subtree: true });
    setTimeout(() => observer.disconnect(), 60_000);
  } catch ({ message }) {
    warn(`failed: ${message}. Does data-api end with /api, and is ${location.origin} one of its CORS origins?`);
  }
})();
