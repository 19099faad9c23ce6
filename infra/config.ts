// Reads the configuration of a stage, and reports every issue of it at once.
import { describeIssues, placeholderChoices, readChoices } from "./choices.ts";
import { type Stage, type StageConfig, type StageOverrides, stageConfig } from "./config-schema.ts";
import { stagesOf } from "./stages.ts";

/** @throws {Error} with the rule and the received text, when the text is not a stage */
export function parseStage(text: string | undefined): Stage {
  if (text !== undefined && /^(?:production|preview-[1-9]\d{0,5})$/.test(text)) return text as Stage;
  throw new Error(
    `--stage must be production or preview-N, where N is the number of a pull request; received ${text === undefined ? "nothing" : `"${text}"`}.`,
  );
}

/**
 * Merges the choices, the values of stages.ts, the caller's overrides and the defaults.
 * @throws {Error} naming every invalid field, its rule and its value
 */
export function readConfig(
  stage: Stage,
  overrides: Partial<StageOverrides> = {},
  choices = readChoices() ?? placeholderChoices,
): StageConfig {
  const input = { ...stagesOf(choices)[stage === "production" ? "production" : "preview"], ...overrides, stage };
  const { success, data, error } = stageConfig.safeParse(input);
  if (success) return data as StageConfig;
  const issues = describeIssues(error, input, {
    whole: "configuration",
    unknown: "is not a field of a stage; docs/settings.md lists them",
  });
  throw new Error(
    `The configuration of ${stage} has ${issues.length} issue(s); fix them in infra/choices.json, where "overrides" sets the fields of a stage:\n${issues.join("\n")}`,
  );
}
