// The limit headers, as a reader of structured fields takes them.
import { expect, it } from "vitest";
import { limitHeaders } from "./limit-headers.ts";

const minute = (name: string, quota: number) => ({ name, quota, seconds: 60 });

it("say what the quota is, how much of it is left and when it is whole again", () => {
  expect(limitHeaders([minute("default", 30)], [{ name: "default", remaining: 29, resetSeconds: 42 }])).toEqual({
    "RateLimit-Policy": '"default";q=30;w=60',
    RateLimit: '"default";r=29;t=42',
  });
});

it("are lists where several policies count, and tell what is left of those that were asked", () => {
  const policies = [minute("secret", 10), minute("secret-account", 50)];
  expect(limitHeaders(policies, [{ name: "secret", remaining: 0, resetSeconds: 1 }])).toEqual({
    "RateLimit-Policy": '"secret";q=10;w=60, "secret-account";q=50;w=60',
    RateLimit: '"secret";r=0;t=1',
  });
});
