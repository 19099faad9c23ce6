// Production serves no interactive API page.
import { check } from "../check.ts";
import { must } from "../check-failure.ts";
import { describeResponse } from "../response-shape.ts";

export const docs = check({
  name: "no docs",
  needs: ["production"],
  async run({ client: { api, origin, call } }) {
    const urls = [`${origin}/docs`, `${origin}/docs/`, `${api}/docs`, `${api}/swagger`];
    for (const url of urls) {
      const response = await call(url);
      must(response.status === 404, {
        expected: `404 from ${response.what}`,
        received: describeResponse(response),
        look: "the deployed package, which has no such page",
      });
    }
    return "no page at /docs or /swagger";
  },
});
