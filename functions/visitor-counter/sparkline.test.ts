import { expect, it } from "vitest";
import { sparkline } from "./sparkline.ts";

it("draws the highest day at the top and none at the bottom, from edge to edge", () => {
  const { line, area } = sparkline([0, 5, 10], { width: 64, height: 20 });
  expect(line).toBe("M2 18L32 10L62 2");
  expect(area).toBe("M2 18L32 10L62 2V18H2Z");
});

it("draws days without visits as a line at the bottom", () => {
  expect(sparkline([0, 0], { width: 64, height: 20 }).line).toBe("M2 18L62 18");
});
