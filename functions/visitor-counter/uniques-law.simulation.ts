// The law of uniques, which every outcome of the model obeys while the set of visitors is exact.
import type { Total } from "./total.ts";
import { noUniques, type VisitorHash, withVisitors } from "./uniques.ts";
import type { Visit } from "./visit.ts";

/** The hash of one of the model's visitors. */
export const visitorAt = (index: number): VisitorHash => new Uint8Array(32).fill(index);

/** A response, and its visitor unless that one is not to be hashed. */
export type Response = Visit & { readonly visitor: number | undefined };

export type CountedVisits = {
  /** The visitor of each visit that reached a writer. */
  readonly visitors: readonly (number | undefined)[];
  /** Responses with a number of their own. */
  readonly exact: readonly Response[];
  readonly degraded: readonly Response[];
  /** The row after every write, in order. */
  readonly writes: readonly Total[];
};

type Row = Total & { readonly uniques: NonNullable<Total["uniques"]> };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const idsIn = (set: Uint8Array = new Uint8Array()): readonly string[] => hex(set).match(/.{10}/g) ?? [];

/** The ids of these visitors under a salt, each as the set has it. */
function idsOf(salt: Uint8Array, visitors: Iterable<number | undefined>): ReadonlySet<string> {
  const hashes = [...new Set(visitors)].flatMap((visitor) => (visitor === undefined ? [] : [visitorAt(visitor)]));
  return new Set(
    idsIn(withVisitors(noUniques(salt, false), { visitors: hashes, isPartial: false, dayCount: hashes.length }).set),
  );
}

/** How two rows of one day that follow each other break the law. */
function violationOfStep({ uniques: before }: Row, { uniques: after, dayCount }: Row): string | undefined {
  if (hex(before.salt) !== hex(after.salt)) return "the salt changed within a day";
  if (after.unique < before.unique) return "the number of visitors fell";
  if (before.approximate && !after.approximate) return "an approximate day became exact";
  return after.unique > dayCount ? "there are more visitors than visits" : undefined;
}

function violationOfDay(
  rows: readonly Row[],
  { exact, visitors, writes, degraded }: CountedVisits,
): string | undefined {
  for (const [index, row] of rows.entries()) {
    const broken = violationOfStep(rows[index - 1] ?? row, row);
    if (broken) return broken;
  }
  const last = rows.at(-1) as Row;
  const { salt, set, unique, approximate } = last.uniques;
  const ids = idsIn(set);
  if (new Set(ids).size !== ids.length || unique !== ids.length) return "a visitor is unique twice";
  const sent = idsOf(salt, visitors);
  if (ids.some((id) => !sent.has(id))) return "the set has a visitor who never came";
  const writeOf = (number: number) => writes.find(({ count }) => count >= number);
  const ofDay = exact.filter(({ count }) => writeOf(count)?.day === last.day);
  const counted = idsOf(
    salt,
    ofDay.map(({ visitor }) => visitor),
  );
  if ([...counted].some((id) => !ids.includes(id))) return "a visitor with a number is not in the set";
  if (exact.length === visitors.length && counted.size !== unique) return "the set has a visitor of another day";
  if (approximate && degraded.length === 0) return "a day without held visits is approximate";
  const wrong = ofDay.find(
    ({ count, visitor, uniqueToday }) =>
      uniqueToday !== (visitor === undefined ? undefined : writeOf(count)?.uniques?.unique),
  );
  return wrong && "a visit got another number of visitors than its batch";
}

/** How an outcome breaks the law of uniques; undefined when it does not. */
export function violationOfUniques(outcome: CountedVisits): string | undefined {
  const { writes } = outcome;
  if (writes.some(({ dayCount, uniques }) => dayCount > 0 !== (uniques !== undefined)))
    return "a row has visits and no visitors, or a set after its day";
  const days = Map.groupBy(
    writes.filter((row): row is Row => row.uniques !== undefined),
    ({ day }) => day,
  );
  const salts = [...days.values()].map(([row]) => hex((row as Row).uniques.salt));
  if (new Set(salts).size !== salts.length) return "two days have one salt";
  for (const rows of days.values()) {
    const broken = violationOfDay(rows, outcome);
    if (broken) return broken;
  }
  return undefined;
}
