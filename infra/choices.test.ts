// infra/choices.json: what a file may contain, and what a stage is made of.
import { describe, expect, it } from "vitest";
import { type Choices, formatChoices, parseChoices, placeholderChoices, readChoices } from "./choices.ts";
import { readConfig } from "./config.ts";
import { placeholdersOf } from "./placeholders.ts";

const minimal = {
  repository: "ada/vitae",
  region: "northeurope",
  origins: ["https://ada.dev"],
  ownerEmail: "ada@ada.dev",
};
const parse = (fields: object = {}) => parseChoices(JSON.stringify({ ...minimal, ...fields }));
const messageOf = (work: () => unknown): string => {
  try {
    work();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("parseChoices", () => {
  it("parseChoices returns the fields and the defaults, and formatChoices writes only what was chosen", () => {
    expect(parse()).toEqual({ ...minimal, site: false, reviewer: false, overrides: {} });
    expect(JSON.parse(formatChoices(parse()))).toEqual(minimal);
    const all = { site: true, reviewer: true, overrides: { production: { hostNames: ["api.ada.dev"] } } };
    expect(JSON.parse(formatChoices(parse(all)))).toEqual({ ...minimal, ...all });
  });

  it("parseChoices accepts a byte order mark and the line ends of Windows", () => {
    const text = JSON.stringify(minimal, null, 2).replaceAll("\n", "\r\n");
    expect(parseChoices(`\uFEFF${text}\r\n`)).toEqual(parse());
  });

  it("parseChoices reports every issue at once with field, rule and received value", () => {
    const message = messageOf(() =>
      parse({ repository: "https://github.com/ada/vitae", origins: ["https://ada.dev/"], region: "Sweden Central" }),
    );
    expect(message).toMatch(/^infra\/choices\.json has 3 issue\(s\); correct them by hand/);
    expect(message).toMatch(/ {2}repository: must be OWNER\/NAME.*Received "https:\/\/github\.com\/ada\/vitae"\./);
    expect(message).toMatch(/ {2}origins\.0: must be an https origin.*Received "https:\/\/ada\.dev\/"\./);
    expect(message).toMatch(/ {2}region: must be a region.*Received "Sweden Central"\./);
  });

  it("parseChoices accepts the names of repositories that GitHub has, and no path", () => {
    const rejected = (repository: string) => messageOf(() => parse({ repository })) !== "";
    expect(["ada/.github", "ada_company/my.cv", "a-1/_"].filter(rejected)).toEqual([]);
    const wrong = [
      "ada/..",
      "ada/.",
      "../vitae",
      "ada/vitae/x",
      "-ada/vitae",
      "{owner}/vitae",
      "ada/a b",
      "ada/vitae\n",
    ];
    expect(wrong.filter((name) => !rejected(name))).toEqual([]);
  });

  it.each([
    ["text that is not JSON", "{,", "must be JSON"],
    [
      "a field of a stage at the top",
      JSON.stringify({ ...minimal, hostNames: ["api.ada.dev"] }),
      '  hostNames: is not a field of infra/choices.json. Fields of a stage belong under "overrides", "production": docs/settings.md. Received ["api.ada.dev"].',
    ],
    [
      "overrides of an unknown stage",
      JSON.stringify({ ...minimal, overrides: { staging: {} } }),
      "  overrides.staging: is not",
    ],
    ["a list", "[]", "  the file: must be of type object. Received []."],
    [
      "a missing field",
      JSON.stringify({ ...minimal, region: undefined }),
      "  region: must be of type string. Received nothing.",
    ],
  ])("parseChoices rejects %s", (_, text, message) => {
    expect(messageOf(() => parseChoices(text))).toContain(message);
  });
});

describe("readConfig with choices", () => {
  const production = (choices: Choices) => readConfig("production", {}, choices);
  const preview = (choices: Choices) => readConfig("preview-7", {}, choices);

  it("readConfig sets region, origins, owner, website and runbooks of production from the choices", () => {
    expect(production(parse({ site: true }))).toMatchObject({
      region: "northeurope",
      origins: ["https://ada.dev"],
      ownerEmail: "ada@ada.dev",
      site: { enabled: true },
      alerts: { runbooks: "https://github.com/ada/vitae/blob/main/docs/runbooks.md" },
    });
    expect(placeholdersOf(production(parse()))).toEqual([]);
  });

  it("readConfig merges the overrides of a stage into it, and replaces lists", () => {
    const overrides = {
      production: { origins: ["https://cv.ada.dev"], alerts: { budget: { amount: 20 } } },
      preview: { alerts: { slack: { connection: "webhook" } } },
    };
    const { origins, alerts } = production(parse({ overrides }));
    expect(origins).toEqual(["https://cv.ada.dev"]);
    expect([alerts.budget.amount, alerts.runbooks]).toEqual([20, preview(parse()).alerts.runbooks]);
    expect(alerts.slack.connection).toBe("webhook");
    const previews = preview(parse({ overrides })).alerts;
    expect([previews.slack.connection, previews.availability.enabled]).toEqual(["webhook", false]);
  });

  it("previews take over the overrides of production, except where they have values of their own", () => {
    const overrides = { production: { pages: ["resume", "talks"], vault: { purgeProtection: true, softDelete: 30 } } };
    const { pages, vault } = preview(parse({ overrides }));
    expect(pages).toEqual(["resume", "talks"]);
    expect(vault).toEqual({ purgeProtection: false, softDelete: 7 });
  });

  it("previews do not take over what production pays for by the month, unless they ask for it", () => {
    const production = {
      frontDoor: true,
      scale: { alwaysReady: { http: 1 } },
      alerts: { profile: "full", availability: { enabled: true } },
    };
    const { frontDoor, scale, alerts } = preview(parse({ overrides: { production } }));
    expect([frontDoor, scale.alwaysReady, alerts.profile, alerts.availability.enabled]).toEqual([
      false,
      {},
      "lean",
      false,
    ]);
    expect(preview(parse({ overrides: { production, preview: { frontDoor: true } } })).frontDoor).toBe(true);
  });

  it("readConfig rejects an override that breaks a rule, and names the file", () => {
    const message = messageOf(() => production(parse({ overrides: { production: { hostNames: ["https://x"] } } })));
    expect(message).toContain("fix them in infra/choices.json");
    const unknown = messageOf(() => production(parse({ overrides: { production: { settings: { LOGLEVEL: "x" } } } })));
    expect(unknown).toMatch(/\n {2}settings\.LOGLEVEL: is not a field of a stage; .*Received "x"\.$/);
    expect(message).toMatch(/hostNames\.0: must be a host name.*Received "https:\/\/x"/);
  });

  it("readConfig uses the placeholders without a file, which no deployment accepts", () => {
    expect(readChoices("/nowhere/choices.json")).toBeUndefined();
    expect(placeholdersOf(production(placeholderChoices))).toHaveLength(3);
  });
});

// In the repository as it ships there is no file. In a copy, CI finds a mistake in its file before a deployment does.
it("the choices of this repository are valid for production and previews", () => {
  const choices = readChoices(`${import.meta.dirname}/choices.json`) ?? placeholderChoices;
  expect(readConfig("production", {}, choices).region).toBe(choices.overrides.production?.region ?? choices.region);
  expect(readConfig("preview-7", {}, choices).stage).toBe("preview-7");
});
