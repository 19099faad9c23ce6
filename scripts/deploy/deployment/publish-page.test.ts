// The upload of the page after a deployment that passed its checks, against a simulated stage.
import { describe, expect, it } from "vitest";
import { createDeployedStage, NEW, OLD, outputOf, runDeployment, stepsOf } from "./deployment.fixture.ts";
import { createStage, type SimulatedStage } from "./simulated-stage.fixture.ts";
import { SITE } from "./web-container.fixture.ts";

/** Makes the stage one with a page and without other origins. */
function withPage(stage: SimulatedStage): SimulatedStage {
  const { config } = stage.target;
  return Object.assign(stage, {
    target: Object.assign(stage.target, { config: { ...config, origins: [], site: { enabled: true } } }),
  });
}
const uploadsOf = ({ state }: SimulatedStage) =>
  state.commands.flatMap((line) => /upload .* --container-name \$web --name (\S+)/.exec(line)?.[1] ?? []);

describe("publishPage", () => {
  it("publishPage uploads the built page after the checks, the HTML last, and leaves public images alone", async () => {
    const stage = withPage(createStage());
    const image = { text: "image", type: "image/webp", cacheControl: "no-cache" };
    stage.state.web.set("images/1/320.webp", image).set("index.html", { ...image, text: "older" });
    stage.faults.webDenials = 3;
    expect(await runDeployment(stage)).toBeUndefined();
    const { web, lines, commands } = stage.state;
    expect(web.get("images/1/320.webp")).toBe(image);
    expect(new Set(web.keys())).toEqual(
      new Set([
        "images/1/320.webp",
        ...["index.html", "404.html"],
        ...["style.css", "images.css", "print.css", "visitor-counter.js", "gallery.js"],
      ]),
    );
    const page = web.get("index.html");
    const api = `https://${stage.target.names.functionApp}.azurewebsites.net/api`;
    expect(page).toMatchObject({ type: "text/html; charset=utf-8", cacheControl: "no-cache" });
    expect(page?.text).toContain(`data-api="${api}"`);
    expect(page?.text).toContain(`property="og:url" content="${SITE}"`);
    const short = { cacheControl: "public, max-age=300" };
    expect(web.get("style.css")).toMatchObject({ ...short, type: "text/css; charset=utf-8" });
    expect(web.get("gallery.js")).toMatchObject({ ...short, type: "text/javascript; charset=utf-8" });
    expect(uploadsOf(stage).slice(-2).toSorted()).toEqual(["404.html", "index.html"]);
    expect(stepsOf(stage).slice(0, 8)).toEqual([
      ...["platform apply", "seed-entity", "upload", "publish", "events apply", "verify", "metadata", "upload"],
    ]);
    expect(commands.find((line) => line.startsWith("node verify"))).toContain(
      "--allowed-origin https://sitevitae.z6.web.core.windows.net --production",
    );
    expect(lines).toContain(`The page is at ${SITE}`);
    expect(stage.state.slack).toEqual([]);
  });

  it("publishPage does not run without site.enabled, or after checks that failed", async () => {
    const off = createStage();
    expect(await runDeployment(off)).toBeUndefined();
    const failed = withPage(await createDeployedStage());
    expect(await runDeployment(failed, { healthy: false })).toContain("Rolled back");
    expect([...off.state.web, ...failed.state.web, ...uploadsOf(off), ...uploadsOf(failed)]).toEqual([]);
  });

  it.each([
    ["fails", { failing: "az storage blob upload --account-name site" }, "failed with exit code 1"],
    ["hangs", { hanging: "--name index.html" }, "Ended, as it had not finished"],
    ["is denied for longer than ten minutes", { denials: 1e6 }, "required permissions"],
  ])("an upload that %s fails the deployment with a message, and does not roll back", async (_, fault, reason) => {
    const stage = withPage(await createDeployedStage());
    const { failing, hanging, denials = 0 } = fault as { failing?: string; hanging?: string; denials?: number };
    Object.assign(stage.faults, { failingCommands: failing ? [failing] : [], hangingCommand: hanging });
    stage.faults.webDenials = denials;
    const began = stage.state.now;
    const message = await runDeployment(stage);
    expect(message).toContain("The page of the website was not uploaded completely: az storage blob upload");
    expect(message).toContain("The new code passed its checks and runs.");
    expect(message).toContain(reason);
    expect(stage.state.deployed).toEqual({ commit: NEW, healthy: true });
    expect(stage.state.releases.get(`${NEW}.zip`)?.good).toBeDefined();
    expect(stage.state.releases.get(`${OLD}.zip`)?.good).toBeDefined();
    expect(stage.state.slack).toHaveLength(1);
    expect(stage.state.slack[0]?.data.essentials.description).toContain("The page of the website was not uploaded");
    // Four of the seconds are those of the package.
    expect(stage.state.now - began).toBeLessThanOrEqual(10 * 60_000 + 4_000);
    expect(outputOf(stage, message)).not.toContain("s3cr3t");
  });

  it("a preview without its page is a failure that sends no Slack message", async () => {
    const stage = withPage(createStage("preview-7"));
    stage.faults.hangingCommand = "--name gallery.js";
    expect(await runDeployment(stage)).toContain("was not uploaded");
    expect(uploadsOf(stage).filter((name) => name.endsWith(".html"))).toEqual([]);
    expect(stage.state.slack).toEqual([]);
  });
});
