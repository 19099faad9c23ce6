// No interactive page of the API in production: it belongs to a laptop.

import { check, must } from "../check.ts";
import { describeResponse } from "../response-shape.ts";

export const docs = check({
  name: "no docs",
  needs: ["production"],
  async run({ client: { api, origin, call } }) {
    const addresses = [`${origin}/docs`, `${origin}/docs/`, `${api}/docs`, `${api}/swagger`];
    for (const address of addresses) {
      const answer = await call(address);
      must(answer.status === 404, {
        expected: `404 of ${answer.what}`,
        received: describeResponse(answer),
        look: "what was deployed: the package has no such page",
      });
    }
    return "nothing at /docs and the like";
  },
});
