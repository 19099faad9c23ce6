// npm run token: prints a bearer token, signed with the key in the local vault or, with --stage, in the vault of a stage.
import { join } from "node:path";
import { signingVersion } from "../functions/lib/access/key-states.ts";
import { roles } from "../functions/lib/access/permissions.ts";
import { OWNER_ID } from "../functions/lib/access/roster.ts";
import { parseSigningKeys } from "../functions/lib/access/signing-keys.ts";
import { signToken } from "../functions/lib/access/token.ts";
import { secrets } from "../functions/lib/names.ts";
import { readSettings } from "../functions/lib/settings.ts";
import { readCommandLine } from "../scripts/command-line.ts";
import { vaultFile } from "./data-dir.ts";
import { readLocalSettings } from "./settings-file.ts";
import { readVersions } from "./vault-file.ts";

const root = join(import.meta.dirname, "..");
const WEEK_SECONDS = 7 * 24 * 60 * 60;

const COMMAND = {
  name: "npm run token",
  about:
    "Prints a bearer token for the local environment or, with --stage, for the owner of a deployed one, with the login of az.",
  flags: {
    role: {
      value: "ROLE",
      about: `one of ${roles.join(", ")}: the most that the token permits; with --stage owner by default`,
    },
    subject: { value: "ID", about: `id of a local user who exists; default ${OWNER_ID}` },
    "expires-in": { value: "SECONDS", about: `1 to ${WEEK_SECONDS}, default 3600; with --stage at most 900` },
    stage: { value: "STAGE", about: "production or preview-N" },
  },
} as const;

type LocalTokenOptions = {
  role: (typeof roles)[number];
  /** Id of a user. @default the seeded owner */
  subject?: string | undefined;
  /** Seconds. @default 3600 */
  expiresIn?: number;
  dataDir: string;
  /** The app's settings. */
  env: Record<string, string | undefined>;
};

/** @throws {Error} one line when the data dir's vault has no signing key */
export function localToken({
  role,
  subject = OWNER_ID,
  expiresIn = 3600,
  dataDir,
  env,
}: LocalTokenOptions): Promise<string> {
  const file = vaultFile(dataDir);
  const enabled = readVersions(file, secrets.signingKeys).filter(({ attributes }) => attributes.enabled);
  const versions = enabled.map((each) => ({ ...each, createdOn: each.attributes.created * 1000 }));
  const signing = signingVersion(versions, Date.now());
  if (!signing) throw new Error(`There is no signing key in ${file} yet. Create one: npm start`);
  const { TOKEN_ISSUER, TOKEN_AUDIENCE } = readSettings(env);
  const [key] = parseSigningKeys(signing.value);
  return signToken({ key, issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE, subject, role, expiresIn });
}

/** In a variable these lines would become part of a header, which every server rejects without an explanation. */
function warnOfNpmLines(): void {
  const { npm_lifecycle_event: command, npm_config_loglevel: level } = process.env;
  if (command === "token" && level !== "silent" && !process.stdout.isTTY)
    process.stderr.write("npm printed lines of its own before the token. For a variable use: npm run -s token\n");
}

async function tokenOfStage(
  stageName: string,
  { role, subject, "expires-in": expiresIn }: Readonly<Record<"role" | "subject" | "expires-in", string | undefined>>,
): Promise<string> {
  if (subject !== undefined) throw new Error("--subject is for the local environment: --stage is for its owner.");
  // Loaded only here: it reads the configuration of the stages.
  const [{ deployContext }, { stageToken }] = await Promise.all([
    import("../scripts/deploy/deploy-context.ts"),
    import("../scripts/deploy/laptop/stage-token.ts"),
  ]);
  return stageToken(deployContext.az, { stageName, role, expiresIn });
}

async function main(): Promise<string> {
  const { flags } = readCommandLine(COMMAND);
  warnOfNpmLines();
  if (flags.stage !== undefined) return tokenOfStage(flags.stage, flags);
  const role = roles.find((known) => known === flags.role);
  if (!role)
    throw new Error(
      `--role must be one of ${roles.join(", ")}, received ${flags.role ?? "none"}. Example: npm run token -- --role owner`,
    );
  const expiresIn = Number(flags["expires-in"] ?? 3600);
  if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > WEEK_SECONDS) {
    throw new Error(`--expires-in must be 1 to ${WEEK_SECONDS} seconds, received ${flags["expires-in"]}.`);
  }
  const dataDir = process.env.LOCAL_DATA_DIR || join(root, ".local");
  const env = { ...readLocalSettings(root).values, ...process.env };
  return localToken({ role, subject: flags.subject, expiresIn, dataDir, env });
}

if (import.meta.main) {
  main().then(
    (token) => process.stdout.write(`${token}\n`),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
