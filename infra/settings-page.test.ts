// docs/settings.md has every setting of the app and every field of a stage, with their defaults.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { settingsSchema } from "../functions/lib/settings-schema.ts";
import { parseChoices } from "./choices.ts";
import { readConfig } from "./config.ts";
import { stageConfig } from "./config-schema.ts";

type Schema = { properties?: Record<string, Schema>; required?: string[]; default?: unknown };

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/settings.md"), "utf8");

/** The cells of each row of a table that starts with a name in backticks. */
function rowsOf(heading: string): string[][] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  return (section.split("\n## ")[0] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .slice(1, -1)
        .split(" | ")
        .map((cell) => cell.trim()),
    );
}

const named = (rows: readonly string[][]) => rows.map(([name = "", ...cells]) => [name.replaceAll("`", ""), ...cells]);

/** Fields whose own fields are not listed: the table of settings has them, and infra/alerting/config.ts. */
const GROUPS = ["limits", "settings", "alerts.rules"];

/** Paths of the fields. */
function fieldsOf(schema: Schema, path = ""): string[] {
  if (!schema.properties || GROUPS.includes(path)) return [path];
  return Object.entries(schema.properties).flatMap(([name, field]) => fieldsOf(field, path ? `${path}.${name}` : name));
}

const stageFields = fieldsOf(z.toJSONSchema(stageConfig, { io: "input" }) as Schema).filter((it) => it !== "stage");

describe("docs/settings.md", () => {
  const settings = named(rowsOf("Settings of the app"));
  const fields = named(rowsOf("Fields of a stage"));
  const { properties = {}, required } = settingsSchema() as Schema;

  it("lists every setting of the app with its default", () => {
    const defaultOf = (name: string) =>
      required?.includes(name) ? "required" : properties[name]?.default ? `\`${properties[name].default}\`` : "none";
    expect(settings.map(([name, value]) => [name, value])).toEqual(
      Object.keys(properties).map((name) => [name, defaultOf(name)]),
    );
  });

  it("names the value of local.settings.example.json where it is not the default", () => {
    const { Values } = JSON.parse(readFileSync(join(root, "local.settings.example.json"), "utf8")) as {
      Values: Record<string, string>;
    };
    for (const [name = "", , , meaning = ""] of settings) {
      const isOther = properties[name]?.default && Values[name] && Values[name] !== properties[name].default;
      expect([name, /Locally `([^`]+)`/.exec(meaning)?.[1]]).toEqual([name, isOther ? Values[name] : undefined]);
    }
  });

  it("names the field of the stage that sets each setting", () => {
    const own = Object.keys(stageConfig.shape.settings.def.innerType.shape);
    expect(settings.flatMap(([name, , azure]) => (azure === "`settings`" ? [name] : [])).sort()).toEqual(own.sort());
    const limits = Object.keys(stageConfig.shape.limits.def.innerType.shape).map((name) => `limits.${name}`);
    const known = ["derived", "none", ...[...stageFields, ...limits].map((field) => `\`${field}\``)];
    for (const [, , azure] of settings) expect(known).toContain(azure);
  });

  it("lists every field of a stage with its default", () => {
    const required = { region: "swedencentral", origins: ["https://ada.dev"], ownerEmail: "ada@ada.dev" };
    const config: unknown = stageConfig.parse({ stage: "production", ...required });
    const defaultOf = (path: string) => {
      if (path in required) return "required";
      if (GROUPS.includes(path)) return "none";
      const value = path.split(".").reduce((at, name) => (at as Record<string, unknown>)[name], config);
      return value === undefined ? "none" : `\`${JSON.stringify(value)}\``;
    };
    expect(fields.map(([name, value]) => [name, value])).toEqual(stageFields.map((path) => [path, defaultOf(path)]));
  });

  it("shows choices that a deployment accepts", () => {
    const [, example = ""] = /```json\n([\s\S]+?)```/.exec(page) ?? [];
    const choices = parseChoices(example);
    expect(readConfig("production", {}, choices)).toMatchObject({
      pages: ["resume", "projects"],
      limits: { visits: 120 },
    });
    expect(readConfig("preview-7", {}, choices)).toMatchObject({ pages: ["resume", "projects"], openapi: false });
  });
});
