// What a failed check reports.

export type FailureParts = {
  readonly expected: string;
  readonly received: string;
  /** Where to look next. */
  readonly look: string;
};

/** The deployment does not meet an expectation. */
export class CheckFailure extends Error {
  override name = "CheckFailure";
  readonly parts: FailureParts;
  constructor(parts: FailureParts) {
    super(`expected ${parts.expected}; received ${parts.received}; look at: ${parts.look}`);
    this.parts = parts;
  }
}

/** @throws {CheckFailure} unless `holds` */
export function must(holds: boolean, parts: FailureParts): asserts holds {
  if (!holds) throw new CheckFailure(parts);
}
