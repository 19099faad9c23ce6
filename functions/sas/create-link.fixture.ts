// Images in memory and an issuer that records its calls, for the tests of POST /v1/sas.
import { setImmediate } from "node:timers/promises";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import type { ImageRecord } from "../lib/image.ts";
import { createLink } from "./create-link.ts";
import type { IssueLink } from "./issue-link.ts";

export const id = "0198c0de-0000-7000-8000-00000000abcd";
const end = Date.UTC(2026, 10, 21, 10);

/** What one test stores, and what its requests called. */
export interface Memory {
  records: ImageRecord[];
  issued: Parameters<IssueLink>[];
  reads: string[];
}

/** The route over the memory of the current test. */
export function openRoute(memory: () => Memory) {
  const deps = {
    async authenticate(authorization: string | null) {
      if (authorization === null) throw new AppError("UNAUTHENTICATED", "No token.");
      return { subject: authorization.slice("Bearer ".length), role: "viewer" as const };
    },
    images: {
      async find(owner: string, imageId: string) {
        memory().reads.push(imageId);
        await setImmediate();
        return memory().records.find((each) => each.owner === owner && each.id === imageId);
      },
    },
    async issueLink(...args: Parameters<IssueLink>) {
      memory().issued.push(args);
      return { url: `https://media.example.com/${args[1]}?sig=x`, expiresAt: end };
    },
  };
  const route = routesFor<typeof deps>()("sas-issue", "POST", "/v1/sas", "images:read", "default", createLink);
  const post = (body: unknown, headers: Record<string, string> = { authorization: "Bearer ada" }, used = deps) =>
    invoke(route, used, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  return { deps, route, post };
}

export const image = (changes: Partial<ImageRecord> = {}): ImageRecord => ({
  owner: "ada",
  id,
  filename: "a.png",
  contentType: "image/png",
  size: 70,
  width: 2,
  height: 1,
  createdAt: "2026-11-21T09:00:00.000Z",
  status: "ready",
  thumbnail: { width: 2, height: 1, size: 40 },
  ...changes,
});
