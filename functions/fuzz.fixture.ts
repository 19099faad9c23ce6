// Generators of arbitrary requests, most of them close to a valid one: the example of an operation with one change.
import fc from "fast-check";
import { csvNear, formNear, headerText, jsonNear, mostly, nasty, text } from "./fuzz-values.fixture.ts";
import { fuzzRuns, replay } from "./lib/fuzzing.fixture.ts";
import type { Operation } from "./lib/http/operation.ts";
import type { Route } from "./lib/http/route.ts";
import { ROUTE_PREFIX } from "./lib/names.ts";

export const fuzzing = {
  /** To each route, and over HTTP to all together. */
  runs: fuzzRuns(200),
  replay,
};

/** Checks a property, and prints on failure the command that repeats it. */
export async function assertFuzz<T>(name: string, property: fc.IAsyncProperty<T>, numRuns: number): Promise<void> {
  await fc.assert(property, {
    numRuns,
    ...fuzzing.replay,
    asyncReporter: async (out) => {
      if (!out.failed) return;
      const command = `npm run fuzz -- --only ${name} --seed=${out.seed} --path=${out.counterexamplePath}`;
      throw new Error(`${await fc.asyncDefaultReportMessage(out)}\n\nTo repeat it: ${command}`, {
        cause: out.errorInstance,
      });
    },
  });
}

export type Materials = {
  /** Values for Authorization, good and bad. */
  readonly tokens: readonly string[];
  /** Id of an existing image. */
  readonly image: string;
  readonly file: Buffer;
};
export type Documented = Pick<Operation<never, never, never, never, never>, "csv" | "upload"> & {
  readonly form?: unknown;
  readonly example: { readonly params?: unknown; readonly query?: unknown; readonly body?: unknown };
};

/** The example with the id of an existing image instead of its own. */
export function withImage({ csv, example, form, upload }: Documented, { image }: Materials): Documented {
  const known = JSON.stringify(example).replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, image);
  return { example: JSON.parse(known), form, ...(csv && { csv }), ...(upload && { upload }) };
}

export const FORM = "application/x-www-form-urlencoded";
export const typeOfBody = ({ csv, form }: { readonly csv?: unknown; readonly form?: unknown }): string =>
  csv ? "text/csv" : form ? FORM : "application/json";
const BOUNDARY = "vitae";

function uploadNear(file: Buffer): fc.Arbitrary<Buffer> {
  const flipped = fc.tuple(fc.nat(file.length - 1), fc.nat(255)).map(([at, value]) => {
    const bytes = Buffer.from(file);
    bytes[at] = value;
    return bytes;
  });
  const cut = fc.nat(file.length).map((at) => file.subarray(0, at));
  const sent = fc.oneof(fc.constant(file), flipped, cut);
  const named = fc.tuple(sent, mostly("file", text), text).map(([bytes, field, filename]) => {
    const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"; filename="${filename}"\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
  });
  return fc.oneof(sent, named);
}

export function bodies({ csv, example, form, upload }: Documented, { file }: Materials): fc.Arbitrary<Buffer> {
  const buffer = (content: string | Uint8Array) => Buffer.from(content as string);
  const others = fc.oneof(text, fc.json(), fc.uint8Array({ maxLength: 200 })).map(buffer);
  if (upload) return fc.oneof({ weight: 3, arbitrary: uploadNear(file) }, { weight: 1, arbitrary: others });
  if (csv)
    return fc.oneof({ weight: 5, arbitrary: csvNear(csv.example).map(buffer) }, { weight: 1, arbitrary: others });
  if (form)
    return fc.oneof(
      { weight: 5, arbitrary: formNear(example.body as object).map(buffer) },
      { weight: 1, arbitrary: others },
    );
  if (example.body === undefined) return others;
  return fc.oneof({ weight: 5, arbitrary: jsonNear(example.body).map(buffer) }, { weight: 1, arbitrary: others });
}

/** A raw query without its question mark. */
export function queries({ example }: Documented): fc.Arbitrary<string> {
  const known = Object.entries((example.query ?? {}) as object);
  const names = fc.oneof(fc.constantFrom("headers", "code", "t", "token", ...known.map(([name]) => name)), text);
  const escaped = fc.oneof(
    text.map((value) => encodeURIComponent(value.toWellFormed())),
    nasty,
  );
  const piece = fc.tuple(names, escaped).map(([name, value]) => `${encodeURIComponent(name.toWellFormed())}=${value}`);
  const valid = known.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
  return mostly(
    valid,
    fc.array(fc.oneof(piece, nasty), { maxLength: 4 }).map((pieces) => pieces.join("&")),
  );
}

export function pathParameters({ example }: Documented): fc.Arbitrary<Record<string, string>> {
  const values = Object.entries((example.params ?? {}) as Record<string, string>).map(([name, value]) =>
    mostly(value, text).map((chosen) => [name, chosen] as const),
  );
  return fc.tuple(...values).map((entries) => Object.fromEntries(entries));
}

/** A raw path: the prefix and the template with its parameters filled in, with at most one other segment. */
export function rawPaths({ path, operation }: Route<never>, materials: Materials): fc.Arbitrary<string> {
  const { example } = withImage(operation, materials);
  const params = (example.params ?? {}) as Record<string, string>;
  const filled = path.replace(/\{\*?(\w+)(:\w+)?\}/g, (_, name) => params[name] ?? "nothing");
  const segments = filled.split("/").slice(1);
  const raw = fc.oneof(
    nasty,
    text.map((value) => encodeURIComponent(value.toWellFormed())),
  );
  const changed = fc
    .tuple(fc.nat(segments.length), raw)
    .map(([at, segment]) => segments.with(at % segments.length, segment));
  const inside = (target: string) => new URL(target, "http://localhost").pathname.startsWith(`${ROUTE_PREFIX}/`);
  return mostly(segments, changed)
    .map((parts) => `${ROUTE_PREFIX}/${parts.join("/")}`)
    .filter(inside);
}

export function headers(
  { csv, form: takesForm, upload }: Documented,
  { tokens }: Materials,
): fc.Arbitrary<Record<string, string>> {
  const form = `multipart/form-data; boundary=${BOUNDARY}`;
  const single = fc.constant(typeOfBody({ csv, form: takesForm }));
  const type = upload ? fc.constantFrom(form, "image/png") : single;
  const types = fc.constantFrom("text/plain", "application/json; charset=latin1", "a/b, c/d", "multipart/form-data");
  const uuid = fc.uuid();
  const hex = uuid.map((value) => value.replaceAll("-", ""));
  const parent = hex.map((id) => `00-${id}-00f067aa0ba902b7-01`);
  const lengths = fc.constantFrom("0", "1", "65537", "-1", "0.5", "x", "1e99");
  const usual = fc.record(
    {
      authorization: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...tokens) },
        { weight: 1, arbitrary: headerText },
      ),
      "content-type": fc.oneof({ weight: 6, arbitrary: type }, { weight: 1, arbitrary: fc.oneof(types, headerText) }),
      "content-encoding": mostly("identity", fc.constantFrom("gzip", "br, gzip", "")),
      "x-trace-id": fc.oneof(uuid, hex, headerText),
      traceparent: fc.oneof(parent, headerText),
      "x-forwarded-for": headerText,
      "sec-purpose": fc.constantFrom("prefetch", "prefetch;prerender", "x"),
      "if-match": fc.oneof(fc.constant("*"), headerText),
      "if-none-match": fc.oneof(fc.constant("*"), headerText),
      accept: fc.oneof(fc.constantFrom("text/csv", "text/csv;q=0.1, application/json"), headerText),
      origin: headerText,
      cookie: fc.oneof(headerText, fc.constantFrom("vitae-refresh=x", "vitae-refresh=x; vitae-refresh=y")),
    },
    { requiredKeys: ["authorization", "content-type"] },
  );
  const length = mostly({}, fc.record({ "content-length": lengths }));
  return fc.tuple(usual, length).map((parts) => Object.assign({}, ...parts));
}

export const methodsOf = ({ methods }: Pick<Route<never>, "methods">) => fc.constantFrom(...methods);
