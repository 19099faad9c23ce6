// Hashes and verifies passwords: argon2id of Node.js, in PHC strings, with the threads and memory that lib/heavy-work allots.
// Parameters: OWASP Password Storage Cheat Sheet. Format: https://github.com/P-H-C/phc-string-format
import crypto from "node:crypto";
import { AppError } from "../lib/errors.ts";
import { type Gate, hashPatience } from "../lib/gate.ts";
import { throwValidationError } from "../lib/http/validation-issues.ts";
import { consoleLog, type Log } from "../lib/log.ts";
import { isCommon } from "./password-rules.ts";

export type Passwords = {
  /**
   * @param password as `passwordSchema` returns it
   * @param field of the body, for the error. @default "password"
   * @returns a PHC string
   * @throws {AppError} VALIDATION_FAILED for a common password; DEPENDENCY_UNAVAILABLE when too many hashes wait, or on a
   *   Node.js without `crypto.argon2`
   */
  hash(password: string, field?: string): Promise<string>;
  /**
   * Without a stored hash, or with one that is not ours, it does the same work and is false.
   * @returns `upgraded`: a hash of the current parameters, when the password is right and the stored ones are lower
   * @throws {AppError} DEPENDENCY_UNAVAILABLE as `hash`
   */
  verify(
    password: string,
    stored: string | undefined,
  ): Promise<{ readonly isValid: boolean; readonly upgraded?: string }>;
};

type Parameters = { readonly memory: number; readonly passes: number; readonly parallelism: number };
/** Node.js has `argon2` from 24.7 on. */
type Runtime = { readonly argon2?: typeof crypto.argon2 };
type StoredHash = { readonly parameters: Parameters; readonly salt: Buffer; readonly tag: Buffer };

/** `memory` in KiB; lib/heavy-work counts it. */
const CURRENT: Parameters = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const RETRY_AFTER_S = 60;
const PHC =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d{0,2}),p=([1-9]\d?)\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

const toBase64 = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");

function format({ parameters: { memory, passes, parallelism }, salt, tag }: StoredHash): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${toBase64(salt)}$${toBase64(tag)}`;
}

/** Undefined unless it is a hash that we could have written: a row of the table must not choose how much memory we use. */
function parse(stored: string): StoredHash | undefined {
  const [, memory, passes, parallelism, salt = "", tag = ""] = PHC.exec(stored) ?? [];
  const parsed: StoredHash = {
    parameters: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
  const names = ["memory", "passes", "parallelism"] as const;
  const isWithin = names.every((name) => parsed.parameters[name] <= CURRENT[name]);
  // argon2 needs eight blocks of memory. A base64 text that decodes to the same bytes as ours is not ours.
  return isWithin && parsed.parameters.memory >= 8 && format(parsed) === stored ? parsed : undefined;
}

/** Why the runtime cannot hash passwords, or undefined. */
export function findHashingIssue({ argon2 }: Runtime = crypto): string | undefined {
  if (argon2) return undefined;
  return `Node.js ${process.versions.node} has no crypto.argon2, so routes that take a password return 503: use 24.7 or later.`;
}

type Options = {
  /** `hashes` of lib/heavy-work. */
  readonly gate: Gate;
  /** @default node:crypto */
  readonly runtime?: Runtime;
  readonly log?: Log;
};

export function createPasswords({ gate, runtime = crypto, log = consoleLog }: Options): Passwords {
  const unknown: StoredHash = {
    parameters: CURRENT,
    salt: crypto.randomBytes(SALT_BYTES),
    tag: crypto.randomBytes(TAG_BYTES),
  };

  function derive(password: string, salt: Buffer, parameters: Parameters): Promise<Buffer> {
    const { argon2 } = runtime;
    if (!argon2)
      throw new AppError("DEPENDENCY_UNAVAILABLE", `${findHashingIssue(runtime)}`, { retryAfter: RETRY_AFTER_S });
    const message = Buffer.from(password.normalize("NFC"));
    return gate.run(1, hashPatience, () => {
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      argon2("argon2id", { message, nonce: salt, tagLength: TAG_BYTES, ...parameters }, (error, tag) =>
        error ? reject(error) : resolve(tag),
      );
      return promise;
    });
  }

  async function hashAnew(password: string): Promise<string> {
    const salt = crypto.randomBytes(SALT_BYTES);
    return format({ parameters: CURRENT, salt, tag: await derive(password, salt, CURRENT) });
  }

  return {
    async hash(password, field = "password") {
      if (await isCommon(password))
        throwValidationError([
          {
            path: `body.${field}`,
            message: "must not be a common password, nor one with digits around it: choose another.",
          },
        ]);
      return hashAnew(password);
    },

    async verify(password, stored) {
      const known = stored === undefined ? undefined : parse(stored);
      if (stored !== undefined && !known) log.error("password-hash-invalid");
      const { salt, tag, parameters } = known ?? unknown;
      const isEqual = crypto.timingSafeEqual(await derive(password, salt, parameters), tag);
      if (!known || !isEqual) return { isValid: false };
      if (format({ ...known, parameters: CURRENT }) === stored) return { isValid: true };
      try {
        return { isValid: true, upgraded: await hashAnew(password) };
      } catch (error) {
        // The next sign-in tries again.
        log.warn("password-upgrade-failed", { error });
        return { isValid: true };
      }
    },
  };
}
