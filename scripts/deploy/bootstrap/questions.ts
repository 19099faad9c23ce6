// The questions of bootstrap: what is asked, what an answer must be, and which answers a script must give as flags.
import { type Choices, choicesSchema, placeholderChoices } from "../../../infra/choices.ts";
import { readConfig } from "../../../infra/config.ts";
import { placeholdersOf } from "../../../infra/placeholders.ts";
import { UsageError } from "../../command-line.ts";
import type { Ask } from "../ask.ts";

/** For the page of site/, instead of an origin. */
const WEBSITE = "website";

type Question = {
  readonly flag: "repository" | "region" | "origin" | "owner-email" | "reviewer";
  readonly field: keyof Choices;
  readonly text: string;
  /** The fields that the answer sets. They are validated afterwards. */
  readonly apply: (answer: string) => object;
  readonly show: (choices: Choices) => string;
};

const booleans: Readonly<Record<string, boolean>> = { y: true, yes: true, n: false, no: false };

export const questions: readonly Question[] = [
  {
    flag: "repository",
    field: "repository",
    text: "Repository on GitHub (OWNER/NAME)",
    apply: (repository) => ({ repository }),
    show: ({ repository }) => repository,
  },
  {
    flag: "region",
    field: "region",
    text: "Azure region",
    apply: (region) => ({ region }),
    show: ({ region }) => region,
  },
  {
    flag: "origin",
    field: "origins",
    text: `Origin of your page, such as https://ada.dev, or "${WEBSITE}" for the page of site/`,
    apply: (answer) => {
      const parts = answer.split(",").map((part) => part.trim());
      return { origins: parts.filter((part) => part !== WEBSITE), site: parts.includes(WEBSITE) };
    },
    show: ({ origins, site }) => [...origins, ...(site ? [WEBSITE] : [])].join(","),
  },
  {
    flag: "owner-email",
    field: "ownerEmail",
    text: "E-mail address with which you sign in (nothing is sent to it; everyone who reads the repository sees it)",
    apply: (ownerEmail) => ({ ownerEmail }),
    show: ({ ownerEmail }) => ownerEmail,
  },
  {
    flag: "reviewer",
    field: "reviewer",
    text: "Must you approve each deployment to production? (yes or no)",
    apply: (answer) => ({ reviewer: booleans[answer.toLowerCase()] ?? answer }),
    show: ({ reviewer }) => (reviewer ? "yes" : "no"),
  },
];
export type Answers = Readonly<Partial<Record<Question["flag"], string | undefined>>>;

/** An answer that breaks a rule. The message has the rule, the received value and the fix. */
class AnswerError extends UsageError {
  override name = "AnswerError";
}

/**
 * Returns the choices with the answer.
 * @throws {AnswerError} when it breaks the rule of its field, or is a placeholder
 */
function applyAnswer(choices: Choices, { flag, field, apply }: Question, answer: string): Choices {
  // Its name in the configuration. The lines of other fields are judged at the end, when all are known.
  const prefix = field === "repository" ? "alerts.runbooks" : field;
  const applied = { ...choices, ...apply(answer) };
  const { data, error } = choicesSchema.safeParse(applied);
  const rule = field === "reviewer" ? "must be yes or no" : error?.issues[0]?.message;
  if (!data) throw new AnswerError(`--${flag} ${rule}. Received "${answer}".`);
  try {
    const [placeholder] = placeholdersOf(readConfig("production", {}, { ...data, overrides: {} })).filter((line) =>
      line.startsWith(prefix),
    );
    if (placeholder) throw new AnswerError(`--${flag} must be your own. Received ${placeholder}`);
  } catch (error) {
    if (error instanceof AnswerError) throw error;
    const lines = (error as Error).message.split("\n").map((line) => line.trim());
    const issue = lines.find((line) => line.startsWith(prefix))?.replace(/^[\w.]+: /, "");
    if (issue === undefined) return data;
    throw new AnswerError(`--${flag} ${issue}`, { cause: error });
  }
  return data;
}

export type QuestionOptions = {
  readonly flags: Answers;
  /** The choices of an earlier run, which are the proposals. */
  readonly existing: Choices | undefined;
  /** The repository of the git remote. */
  readonly remote: string | undefined;
  /** Asks on the terminal. Absent: standard input is not a terminal, and every answer must be a flag. */
  readonly ask?: Ask;
  readonly log: (line: string) => void;
  /** Whether a script must give --confirm, as no one can confirm what changes. */
  readonly needsConfirm: boolean;
  /** Further rules that an answer must keep, such as that the repository exists. Returns the issue. */
  readonly check: (flag: Question["flag"], choices: Choices) => Promise<string | undefined>;
};

function hasProposal({ flag }: Question, { existing, remote }: Pick<QuestionOptions, "existing" | "remote">): boolean {
  const byDefault = flag === "region" || flag === "reviewer" || (flag === "repository" && remote !== undefined);
  return existing !== undefined || byDefault;
}

/** Returns the choices with the answer, or what is wrong with it. */
async function take(
  choices: Choices,
  question: Question,
  { answer, check }: { readonly answer: string } & Pick<QuestionOptions, "check">,
): Promise<Choices | string> {
  try {
    const next = applyAnswer(choices, question, answer);
    return (await check(question.flag, next)) ?? next;
  } catch (error) {
    if (error instanceof AnswerError) return error.message;
    throw error;
  }
}

/**
 * Returns the choices of the flags, and without a terminal of the proposals too, and one line for each that breaks a rule.
 * Without a terminal, the first line names every flag that is missing.
 */
export async function readFlags(
  options: QuestionOptions,
): Promise<{ readonly choices: Choices; readonly issues: readonly string[] }> {
  const { flags, existing, remote, ask, needsConfirm, check } = options;
  let choices = existing ?? { ...placeholderChoices, repository: remote ?? placeholderChoices.repository };
  const issues: string[] = [];
  const missing: string[] = [];
  for (const question of questions) {
    const flag = flags[question.flag];
    if (flag === undefined && ask) continue;
    if (flag === undefined && !hasProposal(question, options)) {
      missing.push(`--${question.flag}`);
      continue;
    }
    const taken = await take(choices, question, { answer: flag ?? question.show(choices), check });
    if (typeof taken === "string") issues.push(taken);
    else choices = taken;
  }
  if (needsConfirm && !ask) missing.push("--confirm");
  if (missing.length > 0)
    issues.unshift(`Standard input is not a terminal, so flags must give the answers. Missing: ${missing.join(", ")}.`);
  return { choices, issues };
}

/** Asks for what no flag gave. A wrong answer is rejected and asked again. */
export async function askQuestions(options: QuestionOptions & { readonly ask: Ask }, from: Choices): Promise<Choices> {
  const { flags, ask, check, log } = options;
  let choices = from;
  for (const question of questions.filter(({ flag }) => flags[flag] === undefined)) {
    const proposal = hasProposal(question, options) ? question.show(choices) : "";
    for (;;) {
      const answer = (await ask(`${question.text}${proposal && ` [${proposal}]`}: `)).trim() || proposal;
      const taken = answer === "" ? "An answer is needed." : await take(choices, question, { answer, check });
      if (typeof taken !== "string") {
        choices = taken;
        break;
      }
      log(`  ${taken.replace(/^--\S+ /, "It ")}`);
    }
  }
  return choices;
}
