// HyperLogLog: estimates how many different ids were added, with 2,048 registers of six bits. Pure.
// Estimator: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", algorithm 6, which needs no
// correction for small or large numbers. https://arxiv.org/abs/1702.01284
/** Ids are whole numbers below 2 ** ID_BITS, evenly distributed. */
export const ID_BITS = 40;

const REGISTERS = 2_048;
/** Bits of an id that do not choose its register. */
const RANK_BITS = ID_BITS - Math.log2(REGISTERS);
const MAX_RANK = RANK_BITS + 1;
const RANKS = 2 ** RANK_BITS;
/** Four registers of six bits. */
const GROUP_BYTES = 3;
export const REGISTER_BYTES = (REGISTERS / 4) * GROUP_BYTES;

/** The standard error of an estimate, as a share of it: 1.04 / sqrt(m). */
export const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS);

function unpack(packed: Uint8Array): Uint8Array {
  const ranks = new Uint8Array(REGISTERS);
  for (let group = 0; group < REGISTERS / 4; group++) {
    const [first = 0, second = 0, third = 0] = packed.subarray(group * GROUP_BYTES, (group + 1) * GROUP_BYTES);
    const bits = (first << 16) | (second << 8) | third;
    for (let at = 0; at < 4; at++) ranks[group * 4 + at] = (bits >> (18 - 6 * at)) & 63;
  }
  return ranks;
}

function pack(ranks: Uint8Array): Uint8Array {
  const packed = new Uint8Array(REGISTER_BYTES);
  for (let group = 0; group < REGISTERS / 4; group++) {
    let bits = 0;
    for (const rank of ranks.subarray(group * 4, group * 4 + 4)) bits = (bits << 6) | rank;
    packed.set([bits >> 16, (bits >> 8) & 255, bits & 255], group * GROUP_BYTES);
  }
  return packed;
}

export const emptyRegisters = (): Uint8Array => new Uint8Array(REGISTER_BYTES);

/** Adding an id again changes nothing. @returns new registers */
export function addToRegisters(packed: Uint8Array, ids: Iterable<number>): Uint8Array {
  const ranks = unpack(packed);
  for (const id of ids) {
    const register = Math.floor(id / RANKS);
    // One more than the zeros at the beginning of the remaining bits.
    const rank = Math.clz32(id % RANKS) - (32 - RANK_BITS) + 1;
    if (rank > (ranks[register] ?? 0)) ranks[register] = rank;
  }
  return pack(ranks);
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let [x, y, z, previous] = [share, 1, share, Number.NaN];
  while (z !== previous) {
    previous = z;
    x *= x;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, z, previous] = [share, 1, 1 - share, Number.NaN];
  while (z !== previous) {
    previous = z;
    x = Math.sqrt(x);
    y /= 2;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

/** @returns the estimated number of different ids, not rounded */
export function estimate(packed: Uint8Array): number {
  const byRank: number[] = Array(MAX_RANK + 1).fill(0);
  for (const rank of unpack(packed)) byRank[rank] = (byRank[rank] ?? 0) + 1;
  const registersOf = (rank: number) => byRank[rank] ?? 0;
  let z = REGISTERS * tau(1 - registersOf(MAX_RANK) / REGISTERS);
  for (let rank = RANK_BITS; rank >= 1; rank--) z = (z + registersOf(rank)) / 2;
  z += REGISTERS * sigma(registersOf(0) / REGISTERS);
  return REGISTERS ** 2 / (2 * Math.LN2 * z);
}
