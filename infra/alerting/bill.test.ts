// The bill of a month, and the table of docs/cost.md.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { billOf, budgetOf, totalOf } from "./bill.ts";
import { alertConfig } from "./config.ts";

const text = readFileSync(join(import.meta.dirname, "../../docs/cost.md"), "utf8");
const noExtras = { frontDoor: false, alwaysReady: 0 };
const profiles = ["lean", "full"] as const;
const [lean, full] = profiles.map((profile) => billOf(alertConfig.parse({ profile }), noExtras)) as [
  ReturnType<typeof billOf>,
  ReturnType<typeof billOf>,
];

/** Rows of the table by their first cell: the last two cells, which are the profiles. */
const rows = Object.fromEntries(
  [
    ...text.matchAll(
      /^\| (?:\*\*)?([^|*]+?)(?:\*\*)? \|.*\| (?:\*\*)?([\d.]+)(?:\*\*)? \| (?:\*\*)?([\d.]+)(?:\*\*)? \|$/gm,
    ),
  ].map(([, item, ...amounts]) => [item, amounts.map(Number)]),
);

describe("bill", () => {
  it("is the table of docs/cost.md, item by item", () => {
    const { "Front Door": _, "always-ready instances": __, ...items } = lean;
    const expected = Object.keys(items).map((item) => [item, [lean[item], full[item]]]);
    expect(rows).toEqual({ ...Object.fromEntries(expected), together: [totalOf(lean), totalOf(full)] });
  });

  it("has less than 2 dollars for the alerts of the profile lean", () => {
    expect((lean["log rules"] ?? 0) + (lean["metric alerts"] ?? 0) + (lean["ready check"] ?? 0)).toBeLessThan(2);
  });

  it("follows what a stage turns on and off", () => {
    const disabled = { rules: { serverErrors: { enabled: false } } };
    expect(totalOf(billOf(alertConfig.parse({ profile: "full", ...disabled }), noExtras))).toBe(totalOf(full) - 0.5);
    const often = { rules: { serverErrors: { frequency: "PT5M" } } } as const;
    expect(totalOf(billOf(alertConfig.parse({ profile: "full", ...often }), noExtras))).toBe(totalOf(full) + 1);
    expect(billOf(alertConfig.parse(often), noExtras)).toEqual(lean);
    const probed = billOf(alertConfig.parse({ availability: { enabled: true } }), noExtras);
    expect(probed["ready check"]).toBe(full["ready check"]);
    expect(totalOf(billOf(alertConfig.parse({}), { frontDoor: true, alwaysReady: 1 }))).toBe(totalOf(lean) + 35 + 21);
  });
});

describe("budget", () => {
  it("is one and a half times the bill, rounded up, and at least 5, as docs/cost.md says", () => {
    expect([budgetOf(lean), budgetOf(full)]).toEqual([5, Math.ceil(totalOf(full) * 1.5)]);
    expect(text).toContain(`${budgetOf(lean)} in the profile \`lean\`, ${budgetOf(full)} in \`full\``);
  });
});
