// Which values each single setting accepts.
import { describe, expect, it } from "vitest";
import { messageOf, namesIn, required } from "./settings.fixture.ts";
import { readSettings } from "./settings.ts";

describe("THUMBNAIL_WIDTHS", () => {
  it("accepts up to six widths with the thumbnail's among them", () => {
    const { THUMBNAIL_WIDTHS } = readSettings({ ...required, THUMBNAIL_WIDTHS: "2560, 256,16,17,18,19" });
    expect(THUMBNAIL_WIDTHS).toEqual([2_560, 256, 16, 17, 18, 19]);
  });

  it.each(["", "256,15", "256,2561", "256,640.5", "256,x", "256,,640", "256,256", "640", "256,16,17,18,19,20,21"])(
    "rejects %j, unless it is empty, which is the default",
    (widths) => {
      expect(messageOf({ ...required, THUMBNAIL_WIDTHS: widths })).toMatch(widths ? /THUMBNAIL_WIDTHS must/ : /^$/);
    },
  );
});

describe("PAGES", () => {
  const pagesOf = (PAGES: string) => readSettings({ ...required, PAGES }).PAGES;

  it("accepts names separated by commas and optional spaces in PAGES", () => {
    expect(pagesOf("resume, projects ,blog-2")).toEqual(["resume", "projects", "blog-2"]);
    expect(pagesOf(`a,${"b".repeat(64)}`)).toEqual(["a", "b".repeat(64)]);
  });

  it.each([
    ["a page twice", "resume,projects,resume"],
    ["the reserved page", "resume,verify"],
    ["an upper-case letter", "Resume"],
    ["a space inside", "my resume"],
    ["a path", "a/b"],
    ["a double hyphen", "a--b"],
    ["a hyphen at an end", "a-"],
    ["an underscore", "a_b"],
    ["a letter outside of ASCII", "résumé"],
    ["a line break", "resume\nprojects"],
    ["an empty item", "resume,,projects"],
    ["a comma at the end", "resume,"],
    ["more than 64 characters", "a".repeat(65)],
  ])("rejects %s in PAGES", (_, pages) => {
    expect(namesIn(messageOf({ ...required, PAGES: pages }))).toEqual(["PAGES"]);
  });
});

describe("SITE_TIME_ZONE", () => {
  it.each(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Pacific/Apia"])(
    "accepts the time zone %s",
    (zone) => {
      expect(readSettings({ ...required, SITE_TIME_ZONE: zone }).SITE_TIME_ZONE).toBe(zone);
    },
  );

  it.each(["Berlin", "+02:00", "-0330", "CEST", "Europe/Berlin; DROP"])("rejects the time zone %s", (zone) => {
    expect(namesIn(messageOf({ ...required, SITE_TIME_ZONE: zone }))).toEqual(["SITE_TIME_ZONE"]);
  });
});

describe("endpoint settings", () => {
  it.each(["http://127.0.0.1:10002/devstoreaccount1", "vitae.vault.azure.net", "ftp://x.example", "https://", "//x"])(
    "rejects the endpoint %s, since tokens travel over TLS only",
    (address) => {
      const message = messageOf({ ...required, TABLES_ENDPOINT: address, VAULT_URI: address });
      expect(namesIn(message)).toEqual(["TABLES_ENDPOINT", "VAULT_URI"]);
    },
  );

  it("accepts a loopback endpoint in the local stage", () => {
    expect(
      messageOf({ ...required, STAGE: "local", TABLES_ENDPOINT: "https://127.0.0.1:10002/devstoreaccount1" }),
    ).toBe("");
  });
});
