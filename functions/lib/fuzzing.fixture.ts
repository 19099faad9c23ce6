// What npm run fuzz sets in the environment of tests with arbitrary input. npm test uses the defaults.
const { FUZZ_RUNS, FUZZ_SEED, FUZZ_PATH = "" } = process.env;

/** The number of runs: that of `npm run fuzz`, else the usual one. */
export const fuzzRuns = (usual: number): number => Number(FUZZ_RUNS || usual);

export const fuzzSeed: number | undefined = FUZZ_SEED ? Number(FUZZ_SEED) : undefined;

/** Options of fast-check that repeat one failure. */
export const replay = fuzzSeed === undefined ? {} : { seed: fuzzSeed, path: FUZZ_PATH, endOnFailure: true };
