// What a new password must be. Length and a list of common ones, no rules of composition (NIST SP 800-63B, 3.1.1.2).
import { z } from "zod";

const MIN_CODE_POINTS = 12;
/** In UTF-8 at most 512 bytes. */
const MAX_CODE_POINTS = 128;
/** Digits and signs that may surround a common password without making it a good one. */
const MAX_AROUND = 8;
/** Shorter entries of the list occur inside good passwords too often. */
const MIN_COMMON = 4;
/** Any repeated text shorter than this is common. */
const MIN_REPEATED = 6;

/** Returns the password in NFC. `Passwords.hash` also rejects common ones, with a list that loads on first use. */
export const passwordSchema = z
  .string()
  .refine((text) => text.isWellFormed(), { error: "must be well-formed Unicode", abort: true })
  .normalize("NFC")
  .check(({ value, issues }) => {
    const { length } = [...value];
    if (length >= MIN_CODE_POINTS && length <= MAX_CODE_POINTS) return;
    issues.push({
      code: "custom",
      input: value,
      message: `must have ${MIN_CODE_POINTS} to ${MAX_CODE_POINTS} characters`,
      params: { received: String(length), fix: "choose another" },
    });
  })
  .meta({
    minLength: MIN_CODE_POINTS,
    maxLength: MAX_CODE_POINTS,
    description: "Normalized to Unicode's NFC. Common passwords are rejected.",
  });

let loaded: Promise<ReadonlySet<string>> | undefined;

/** 49,233 passwords of leaks, most frequent first. Loaded late: a cold start must not wait for them. */
function loadCommonPasswords(): Promise<ReadonlySet<string>> {
  loaded ??= import("@zxcvbn-ts/language-common")
    .then(({ dictionary }) => new Set(dictionary["passwords-common"]))
    .catch((error: unknown) => {
      // The next password tries again.
      loaded = undefined;
      throw error;
    });
  return loaded;
}

/** The shortest text whose repetition begins with the whole text. */
function repeatedPart(text: string): string {
  let length = 1;
  while (!text.startsWith(text.slice(length))) length++;
  return text.slice(0, length);
}

/** Whether each character follows its predecessor, or precedes it, as in 678901234567 and lkjihgfedcba. */
function isSequence(text: string): boolean {
  const isDigits = /^\d+$/.test(text);
  const codes = [...text].map((each) => each.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  return [1, -1].some((step) => steps.every((each) => each === step || (isDigits && each === -9 * step)));
}

/**
 * A list of leaked passwords has few of 12 characters. So a password is also common when it is one of the list repeated, or
 * with digits or signs around it. Sequences and short repetitions are always common.
 */
export async function isCommon(password: string): Promise<boolean> {
  const common = await loadCommonPasswords();
  const text = password.toLowerCase();
  const core = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  const isDecorated = core.length >= MIN_COMMON && text.length - core.length <= MAX_AROUND;
  const candidates = [text, ...(isDecorated ? [core] : [])];
  return candidates.some((each) => {
    const part = repeatedPart(each);
    return common.has(part) || (part.length < MIN_REPEATED && part !== each) || isSequence(each);
  });
}
