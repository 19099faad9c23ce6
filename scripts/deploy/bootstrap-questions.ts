// The questions of bootstrap: what is asked, what an answer must be, and which answers a script must give as flags.
import { type Choices, choicesSchema, placeholderChoices } from "../../infra/choices.ts";
import { readConfig } from "../../infra/config.ts";
import { placeholdersOf } from "../../infra/placeholders.ts";
import { UsageError } from "../command-line.ts";

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
export class AnswerError extends UsageError {
  override name = "AnswerError";
}

/**
 * Returns the choices with the answer.
 * @throws {AnswerError} when it breaks the rule of its field, or is a placeholder
 */
export function applyAnswer(choices: Choices, { flag, field, apply }: Question, answer: string): Choices {
  const applied = { ...choices, ...apply(answer) };
  const { data, error } = choicesSchema.safeParse(applied);
  const rule = field === "reviewer" ? "must be yes or no" : error?.issues[0]?.message;
  if (!data) throw new AnswerError(`--${flag} ${rule}. Received "${answer}".`);
  try {
    // Only this answer can be wrong: the placeholders of the others are valid values. The overrides are judged at the end.
    const [placeholder] = placeholdersOf(readConfig("production", {}, { ...data, overrides: {} })).filter((line) =>
      line.startsWith(field === "repository" ? "alerts.runbooks" : field),
    );
    if (placeholder) throw new AnswerError(`--${flag} must be your own. Received ${placeholder}`);
  } catch (error) {
    if (error instanceof AnswerError) throw error;
    const issue = (error as Error).message.split("\n")[1]?.replace(/^\s*[\w.]+: /, "");
    throw new AnswerError(`--${flag} ${issue}`, { cause: error });
  }
  return data;
}

export type Ask = (text: string) => Promise<string>;

export type QuestionOptions = {
  readonly flags: Answers;
  /** The choices of an earlier run, which are the proposals. */
  readonly existing: Choices | undefined;
  /** The repository of the git remote. */
  readonly remote: string | undefined;
  /** Asks on the terminal. Absent: standard input is not a terminal, and every answer must be a flag. */
  readonly ask?: Ask;
  readonly log: (line: string) => void;
  /** whether a script must give --confirm, as no one can confirm what changes. */
  readonly needsConfirm: boolean;
  /** Further rules that an answer must keep, such as that the repository exists. Returns the issue. */
  readonly check: (flag: Question["flag"], choices: Choices) => Promise<string | undefined>;
};

function hasProposal({ flag }: Question, { existing, remote }: Pick<QuestionOptions, "existing" | "remote">): boolean {
  const byDefault = flag === "region" || flag === "reviewer" || (flag === "repository" && remote !== undefined);
  return existing !== undefined || byDefault;
}

/** @throws {UsageError} without a terminal, naming every flag that is missing */
export function requireFlags(
  options: Pick<QuestionOptions, "flags" | "existing" | "remote" | "ask" | "needsConfirm">,
): void {
  if (options.ask) return;
  const missing = questions
    .filter((question) => options.flags[question.flag] === undefined && !hasProposal(question, options))
    .map(({ flag }) => `--${flag}`);
  if (options.needsConfirm) missing.push("--confirm");
  if (missing.length > 0)
    throw new UsageError(
      `Standard input is not a terminal, so flags must give the answers. Missing: ${missing.join(", ")}.`,
    );
}

/** @throws {UsageError} naming every flag that breaks a rule. An answer on the terminal is rejected and asked again. */
export async function collectChoices(options: QuestionOptions): Promise<Choices> {
  const { flags, existing, remote, ask } = options;
  let choices = existing ?? { ...placeholderChoices, repository: remote ?? placeholderChoices.repository };
  const issues: string[] = [];
  const take = async (question: Question, answer: string): Promise<string | undefined> => {
    try {
      const next = applyAnswer(choices, question, answer);
      const issue = await options.check(question.flag, next);
      if (issue) return issue;
      choices = next;
      return undefined;
    } catch (error) {
      if (error instanceof AnswerError) return error.message;
      throw error;
    }
  };
  for (const question of questions) {
    const flag = flags[question.flag];
    if (flag !== undefined || !ask) {
      const issue = await take(question, flag ?? question.show(choices));
      if (issue) issues.push(issue);
    } else {
      const proposal = hasProposal(question, options) ? question.show(choices) : "";
      for (;;) {
        const answer = (await ask(`${question.text}${proposal && ` [${proposal}]`}: `)).trim() || proposal;
        const issue = answer === "" ? "An answer is needed." : await take(question, answer);
        if (issue === undefined) break;
        options.log(`  ${issue.replace(/^--\S+ /, "It ")}`);
      }
    }
  }
  if (issues.length > 0) throw new UsageError(issues.join("\n"));
  return choices;
}
