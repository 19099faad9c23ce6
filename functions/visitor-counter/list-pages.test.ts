// The list of pages: every page of the setting, in its order.
import { expect, it } from "vitest";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { listPages } from "./list-pages.ts";

it("returns the numbers of each page in the order of the setting, and reads at most ten at once", async () => {
  const pages = Array.from({ length: 25 }, (_, index) => `page-${25 - index}`);
  let [running, most] = [0, 0];
  const visits = {
    async read(page: string) {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return { count: Number(page.slice(5)), today: 1 };
    },
  };
  const authenticate = async () => ({ subject: "owner", role: "viewer" }) as const;
  const deps = { pages, visits, authenticate };
  const route = routesFor<typeof deps>()("visitor-pages", "GET", "/v1/visits", "authenticated", "none", listPages);
  const { status, text } = await invoke(route, deps, { headers: { authorization: "Bearer x" } });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({ pages: pages.map((page) => ({ page, count: Number(page.slice(5)), today: 1 })) });
  expect(most).toBe(10);
});
