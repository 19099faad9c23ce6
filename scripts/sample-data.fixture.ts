// Sample data for screenshots: images, users, and a year of visits.
import { TableClient } from "@azure/data-tables";
import sharp from "sharp";
import { dayRowKey, toDayRow } from "../functions/visitor-counter/day-rows.ts";
import { createVisitorCounter } from "../functions/visitor-counter/visitor-counter.ts";
import type { Backend } from "../local/backend.fixture.ts";
import { managedIdentity } from "../local/host/connection.ts";

const IMAGES = [
  ["harbour-at-dawn.jpg", 28, 1600, 1067, "Fishing boats in a harbour before sunrise", ["bergen", "sea"]],
  ["survey-vessel.jpg", 205, 1500, 1000, "A survey vessel in open water", ["sea", "work"]],
  ["portrait.webp", 262, 900, 1200, "Portrait of Tove in front of a chart", ["portrait"]],
  ["fjord.jpg", 165, 1800, 1013, "A fjord between two steep hills", ["bergen"]],
  ["night-sky.png", 235, 1200, 900, "", []],
  ["lighthouse.jpg", 350, 1000, 1400, "A lighthouse on a rock", ["sea"]],
  ["conference-talk.jpg", 45, 1600, 900, "Tove on stage at a conference", ["work", "talks"]],
  ["tide-chart.png", 190, 1400, 900, "A printed chart of tides", ["work"]],
] as const;

/** Layers of hills under a sky, in the colours around one hue. */
function landscape(hue: number, width: number, height: number): string {
  const hills = [0, 1, 2, 3].map((layer) => {
    const top = height * (0.42 + layer * 0.14);
    const wave = width / (2.4 + layer);
    const points = Array.from({ length: 41 }, (_, index) => {
      const x = (width * index) / 40;
      return `${x},${top + Math.sin(x / wave + hue + layer * 2) * height * 0.07 + Math.sin((x / wave) * 2.7) * height * 0.03}`;
    });
    const lightness = 62 - layer * 13;
    return `<polygon fill="hsl(${hue + layer * 8} 32% ${lightness}%)" points="0,${height} ${points.join(" ")} ${width},${height}"/>`;
  });
  const sun = `<circle cx="${width * 0.68}" cy="${height * 0.3}" r="${height * 0.08}" fill="hsl(${hue + 20} 90% 92%)"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="hsl(${hue} 55% 74%)"/><stop offset="1" stop-color="hsl(${hue + 30} 70% 90%)"/></linearGradient></defs><rect width="100%" height="100%" fill="url(#s)"/>${sun}${hills.join("")}</svg>`;
}

async function uploadImages(api: string, headers: Record<string, string>): Promise<string> {
  let imageId = "";
  for (const [name, hue, width, height, alt, tags] of IMAGES.toReversed()) {
    const drawn = sharp(Buffer.from(landscape(hue, width, height)));
    const bytes = await drawn
      .toFormat(name.endsWith("png") ? "png" : name.endsWith("webp") ? "webp" : "jpeg")
      .toBuffer();
    const form = new FormData();
    form.set("file", new Blob([new Uint8Array(bytes)]), name);
    const { id } = (await (await fetch(`${api}/v1/images`, { method: "POST", headers, body: form })).json()) as {
      id: string;
    };
    imageId = id;
    const body = JSON.stringify({ alt, tags });
    const init = {
      method: "PATCH",
      body,
      headers: { ...headers, "content-type": "application/json", "if-match": "*" },
    };
    await fetch(`${api}/v1/images/${id}`, init);
  }
  const isReady = async () => {
    const response = await fetch(`${api}/v1/images?status=pending`, { headers });
    return ((await response.json()) as { images: unknown[] }).images.length === 0;
  };
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 500));
  return imageId;
}

/** More on weekdays, slowly growing, with a few busy days. */
async function writeVisits({ env, services }: Backend): Promise<void> {
  const tlsOptions = { ca: services.certificate.cert };
  const table = new TableClient(services.env.TABLES_ENDPOINT as string, "visits", managedIdentity(env), { tlsOptions });
  for (const [page, scale] of [
    ["resume", 1],
    ["projects", 0.4],
  ] as const) {
    let total = 0;
    for (let ago = 1; ago < 200; ago += 1) {
      const date = new Date(Date.now() - ago * 86_400_000);
      const weekday = [0, 6].includes(date.getUTCDay()) ? 0.55 : 1;
      const peak = ago % 37 === 5 ? 2.6 : 1;
      const wave = 1 + 0.3 * Math.sin(ago / 3.1) + 0.2 * Math.sin(ago * 1.7);
      const count = Math.round(38 * scale * weekday * peak * wave * (1 - ago / 320));
      total += count;
      const day = date.toISOString().slice(0, 10);
      const numbers = { day, count, ...(ago < 120 && { unique: Math.round(count * 0.7) }) };
      await table.upsertEntity({ partitionKey: page, rowKey: dayRowKey(day), ...toDayRow(numbers) }, "Replace");
    }
    const counter = createVisitorCounter({
      table,
      pages: [page],
      timeZone: "UTC",
      dailyWriteBudget: 1_000,
      uniques: false,
    });
    await counter.seed(page, total);
    await counter.close();
  }
}

/** Runs the timer that counts what the images take. */
async function countUsage({ api, host }: Backend, headers: Record<string, string>): Promise<void> {
  await fetch(`${host.url}/admin/functions/image-retention`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const isCounted = async () =>
    ((await (await fetch(`${api}/v1/images/usage`, { headers })).json()) as { images: number }).images ===
    IMAGES.length;
  while (!(await isCounted())) await new Promise((resolve) => setTimeout(resolve, 500));
}

/** @returns the id of the newest image */
export async function fillBackend(backend: Backend): Promise<{ imageId: string }> {
  const { api } = backend;
  const headers = { authorization: `Bearer ${await backend.token("owner")}` };
  await writeVisits(backend);
  for (const page of ["resume", "resume", "resume", "projects"])
    await fetch(`${api}/v1/visits/${page}`, { method: "POST", headers: { "user-agent": "Mozilla/5.0 Firefox/140.0" } });
  for (const [email, role] of [
    ["ada@example.com", "editor"],
    ["grace.hopper@example.com", "viewer"],
  ])
    await fetch(`${api}/v1/users`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ email, role }),
    });
  const imageId = await uploadImages(api, headers);
  await countUsage(backend, headers);
  return { imageId };
}
