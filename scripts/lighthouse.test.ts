// The part of npm run lighthouse that needs no network.
import { expect, it } from "vitest";
import { summarize } from "./lighthouse.ts";

const category = (title: string, score: number | null) => ({ title, score });

it("summarize requires 95 in each category, and names the audits that failed", () => {
  const audits = {
    alt: { title: "Images have alternative text", score: 0, scoreDisplayMode: "binary" },
    fast: { title: "Loads fast", score: 0.4, scoreDisplayMode: "metricSavings" },
  };
  const report = { categories: { a: category("Performance", 0.95), b: category("SEO", 1) }, audits };
  expect(summarize(report)).toEqual({
    lines: ["   95  Performance", "  100  SEO", "       failed: Images have alternative text"],
    isGood: true,
  });
  for (const score of [0.944, null])
    expect(
      summarize({ audits: {}, categories: { ...report.categories, c: category("Accessibility", score) } }).isGood,
    ).toBe(false);
  expect(summarize({ audits: {}, categories: {} }).isGood).toBe(false);
});
