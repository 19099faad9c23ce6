// The different visitors of a page on one day: exact up to 1,000, then an estimate. Pure; docs/decisions/043 has the reasons.
import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import { z } from "zod";
import { addToRegisters, emptyRegisters, estimate, ID_BITS, REGISTER_BYTES } from "./hyperloglog.ts";

/** Visitors of a day up to which the number is exact. */
export const EXACT_LIMIT = 1_000;
export const SALT_BYTES = 16;
const ID_BYTES = ID_BITS / 8;

/** A SHA-256 that is the same for the same visitor of a page; visitor.ts makes it. It is never stored. */
export type VisitorHash = Uint8Array;

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

export const dayUniques = z
  .object({
    /** The key that turns visitors into ids on this day. It lives as long as the day. */
    salt: bytes.refine(({ length }) => length === SALT_BYTES),
    /** The ids of all visitors, five bytes each, sorted; absent beyond EXACT_LIMIT. */
    set: bytes.refine(({ length }) => length % ID_BYTES === 0 && length <= EXACT_LIMIT * ID_BYTES).optional(),
    /** Instead of the set. */
    registers: bytes.refine(({ length }) => length === REGISTER_BYTES).optional(),
    /** Different visitors. It never falls. */
    unique: z.int().nonnegative(),
    /** `unique` is an estimate, or lacks some visits. */
    approximate: z.boolean(),
  })
  .refine(({ set, registers }) => (set === undefined) !== (registers === undefined));
export type DayUniques = Readonly<z.infer<typeof dayUniques>>;

export const createSalt = (): Uint8Array => new Uint8Array(randomBytes(SALT_BYTES));

export const noUniques = (salt: Uint8Array, approximate: boolean): DayUniques => ({
  salt,
  set: new Uint8Array(),
  unique: 0,
  approximate,
});

/** Ids of a day cannot be compared with those of another one, and lead to no visitor without the salt. */
function idsOf(salt: Uint8Array, visitors: readonly VisitorHash[]): number[] {
  if (visitors.length === 0) return [];
  // One key for all: making it takes longer than an HMAC.
  const key = createSecretKey(salt);
  return visitors.map((visitor) => createHmac("sha256", key).update(visitor).digest().readUIntBE(0, ID_BYTES));
}

function readIds(set: Uint8Array): number[] {
  const buffer = Buffer.from(set.buffer, set.byteOffset, set.byteLength);
  return Array.from({ length: set.length / ID_BYTES }, (_, index) => buffer.readUIntBE(index * ID_BYTES, ID_BYTES));
}

/** Sorted, so that the row does not show in which order visitors came. */
function writeIds(ids: ReadonlySet<number>): Uint8Array {
  const buffer = Buffer.alloc(ids.size * ID_BYTES);
  for (const [index, id] of Float64Array.from(ids).sort().entries()) buffer.writeUIntBE(id, index * ID_BYTES, ID_BYTES);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

type Added = {
  readonly visitors: readonly VisitorHash[];
  /** Some of the added visits have an unknown visitor that counts. */
  readonly isPartial: boolean;
  /** Visits of the day with these: an estimate is at most that. */
  readonly dayCount: number;
};

/** Adding a visitor again changes nothing. */
export function withVisitors(before: DayUniques, { visitors, isPartial, dayCount }: Added): DayUniques {
  const { salt, unique } = before;
  const added = idsOf(salt, visitors);
  const approximate = before.approximate || isPartial;
  const known = new Set(before.set && readIds(before.set));
  if (before.set) {
    const size = known.size;
    for (const id of added) known.add(id);
    if (known.size === size) return { ...before, approximate };
    if (known.size <= EXACT_LIMIT) return { salt, set: writeIds(known), unique: known.size, approximate };
  }
  const registers = addToRegisters(before.registers ?? emptyRegisters(), [...known, ...added]);
  const estimated = Math.min(Math.round(estimate(registers)), dayCount);
  return { salt, registers, unique: Math.max(unique, known.size, estimated), approximate: true };
}
