// SPDX-License-Identifier: Apache-2.0
// Pictures of the states that docs/screens keeps, of the district that runs now.
import { mkdirSync, writeFileSync } from "node:fs";
import { open, shown, stop } from "./browser.mjs";
import { shrink } from "./png.mjs";
import { api, sql } from "./district.mjs";

const folder = process.argv[2] || "docs/screens";
mkdirSync(folder, { recursive: true });
const [busy] = sql("SELECT street_code AS street, sum(opened)::int AS n FROM api.places WHERE street_code <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1");
const waiting = (await api("desk?limit=1000")).rows;
const asked = waiting.find((row) => row.cause === "overdue") || waiting[0];
const [long] = sql("SELECT case_id FROM core.case_set JOIN core.case_now AS n USING (case_id) WHERE n.kind = 'request' ORDER BY length(lines) DESC, 1 LIMIT 1");
const STATES = [
  ["overview", "#view=overview", {}],
  ["place", `#view=place&street=${busy.street}&range=week`, {}],
  ["units_en_dark", "#view=units&range=all&lang=en", { theme: "dark", height: 1500 }],
  ["stations", "#view=stations", {}],
  ["desk", `#view=desk&cause=${asked?.cause}&case=${encodeURIComponent(asked?.case || "")}`, { desk: true }],
  ["screen", "#view=screen&theme=dark", { width: 1920, height: 1080 }],
  ["case", `#view=case&case=${encodeURIComponent(long.case_id)}`, {}],
  ["times", "#view=times&range=week&measure=full", {}],
  ["figures", "#view=figures&name=dispute&by=rule&range=week", {}], ["figures_en_dark", "#view=figures&name=matters&by=street_code&range=week&lang=en", { theme: "dark" }], ["figures_list", "#view=figures", {}],
  ["rates", "#view=rates", {}], ["triggers", "#view=triggers&range=week", {}], ["ledger", "#view=ledger", { theme: "dark" }], ["ledger_en", "#view=ledger&range=all&lang=en", { height: 1400 }], ["ledger_zh", "#view=ledger&range=all", { height: 1400 }],
  ["silent", `#view=stations&state=silent&station=${(await api("stations?state=silent")).rows[0]?.station}`, {}], ["silent_en_dark", "#view=stations&state=silent&lang=en", { theme: "dark" }],
  ["narrow", "#view=overview", { width: 420, height: 900 }],
];
const KEPT = ["overview", "place", "units_en_dark", "stations", "desk", "screen"];
const only = process.argv.slice(3);
for (const [name, hash, how] of STATES.filter(([one]) => (only.length ? only : KEPT).includes(one) || only[0] === "all")) {
  const { page, context } = await open(hash, { width: 1440, height: 900, ...how });
  if (how.desk) {
    await page.locator("#identity summary").click();
    await page.locator("#person").fill("王芳");
    await page.locator("#token").fill("demo-desk");
    await page.locator("#sign_in button").click();
    await page.locator("#decide").waitFor().catch(() => {});
    await page.locator(".moves input").first().check().catch(() => {});
    await shown(page);
  }
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(400);
  writeFileSync(`${folder}/${name}.png`, shrink(await page.screenshot()));
  await context.close();
}
await stop();
