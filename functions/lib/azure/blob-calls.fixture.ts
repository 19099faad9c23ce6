// Random calls of a container, and what a caller sees of their results.
import fc from "fast-check";
import { expect } from "vitest";
import type { BlobContainer } from "./blobs.ts";
import { blobKey, type Etags, type Version, value } from "./store-contract.fixture.ts";

export const blobCall = fc.oneof(
  fc.record({ name: fc.constant("write" as const), key: blobKey, value, once: fc.boolean() }),
  fc.record({ name: fc.constantFrom("etag" as const, "read" as const, "properties" as const), key: blobKey }),
  fc.record({
    name: fc.constant("readUnchanged" as const),
    key: blobKey,
    version: fc.constantFrom<Version>("current", "earlier"),
  }),
  fc.record({
    name: fc.constant("remove" as const),
    key: blobKey,
    version: fc.constantFrom<Version>("none", "current", "earlier"),
  }),
  fc.record({ name: fc.constant("setTags" as const), key: blobKey, value }),
  fc.record({ name: fc.constant("list" as const) }),
  fc.record({ name: fc.constant("page" as const), key: blobKey, max: fc.constantFrom(1, 5_000), all: fc.boolean() }),
);
export type BlobCall = typeof blobCall extends fc.Arbitrary<infer T> ? T : never;

export async function callBlobs(
  blobs: BlobContainer,
  { prefix, etags }: { prefix: string; etags: Etags },
  call: BlobCall,
): Promise<unknown> {
  const nameOf = (name: string) => `${prefix}${name}`;
  const version = (name: string, etag: string | undefined) => etag && etags.indexOf(name, etag);
  switch (call.name) {
    case "write": {
      // An empty blob is never read unchanged: uploads have at least one byte.
      const tags = call.value === 0 ? {} : { tags: { written: String(call.value) } };
      const content = { bytes: Buffer.alloc(call.value + 1, call.key), contentType: "x/y", cacheControl: "no-store" };
      const blob = { ...content, ...tags };
      const etag = await blobs.write(nameOf(call.key), blob, { once: call.once });
      const isNew = etags.indexOf(call.key, etag) === -1;
      etags.add(call.key, etag);
      return isNew;
    }
    case "etag":
      return version(call.key, await blobs.etag(nameOf(call.key)));
    case "read": {
      const read = await blobs.read(nameOf(call.key));
      return read && { bytes: read.bytes.toString(), version: version(call.key, read.etag) };
    }
    case "properties": {
      const found = await blobs.properties(nameOf(call.key));
      const tags = await blobs.tags(nameOf(call.key));
      return found && { ...found, tags, etag: version(call.key, found.etag) };
    }
    case "readUnchanged": {
      const found = await blobs.properties(nameOf(call.key));
      const etag = etags.find(call.key, call.version) ?? "";
      return found && (await blobs.readUnchanged(nameOf(call.key), { ...found, etag }))?.toString();
    }
    case "remove": {
      const etag = etags.find(call.key, call.version);
      await blobs.remove(nameOf(call.key), etag === undefined ? {} : { etag });
      return version(call.key, await blobs.etag(nameOf(call.key)));
    }
    case "setTags":
      return [await blobs.setTags(nameOf(call.key), { set: String(call.value) }), await blobs.tags(nameOf(call.key))];
    case "list":
      return (await blobs.list(prefix)).map((name) => name.slice(prefix.length));
    case "page": {
      const found: unknown[] = [];
      let from: string | undefined;
      do {
        const page = await blobs.page({ max: call.max, from, ...(!call.all && { prefix: nameOf(call.key) }) });
        expect(page.blobs.length).toBeLessThanOrEqual(call.max);
        for (const { name, etag, lastModified } of page.blobs) {
          const own = name.slice(prefix.length);
          found.push([own, etags.indexOf(own, etag), lastModified > 0]);
        }
        from = page.next;
      } while (from !== undefined);
      return found;
    }
  }
}
