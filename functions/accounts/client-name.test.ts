// The names that well-known User-Agent headers give.
import { expect, it } from "vitest";
import { clientName } from "./client-name.ts";

const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
const LIKE_GECKO = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0";
it.each([
  [`${MAC} ${LIKE_GECKO} Safari/537.36`, "Chrome on macOS"],
  [`${MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15`, "Safari on macOS"],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
    "Safari on iOS",
  ],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${LIKE_GECKO} Safari/537.36 Edg/140.0.0.0`, "Edge on Windows"],
  [`Mozilla/5.0 (Linux; Android 10; K) ${LIKE_GECKO} Mobile Safari/537.36`, "Chrome on Android"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Linux"],
  ["curl/8.5.0", "curl"],
  ["node", "Node.js"],
  ["<script>alert(1)</script>", "Unknown client"],
  ["x".repeat(100_000), "Unknown client"],
  [null, "Unknown client"],
])("the User-Agent %.60s is named", (userAgent, name) => {
  expect(clientName(userAgent)).toBe(name);
});
