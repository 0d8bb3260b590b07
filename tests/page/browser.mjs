// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium, led by playwright-core. A page that was opened here tells what its console said and whom it asked; at the
// end nobody outside of this machine may have been asked, and nothing may have gone wrong.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { page as address } from "./district.mjs";

const { chromium } = createRequire(`${process.env.PAGE_MODULES}/`)("playwright-core");
const FLAGS = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic", "--font-render-hinting=none", "--lang=zh-CN",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];

let browser;
export async function start() {
  browser ||= await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: FLAGS, env: { ...process.env, LANGUAGE: "zh_CN" }, chromiumSandbox: process.getuid() !== 0 });
  return browser;
}
export const stop = () => browser?.close();

// Answers {page, faults, asked, bytes, close}; `drawn` waits until numbers stand there.
export async function open(hash = "", { width = 1440, height = 900, theme = "light", drawn = true } = {}) {
  const context = await (await start()).newContext({ viewport: { width, height }, colorScheme: theme, locale: "zh-CN", timezoneId: "America/New_York" });
  const page = await context.newPage();
  const seen = { page, context, faults: [], asked: [], bytes: new Map() };
  page.setDefaultTimeout(15000);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && seen.faults.push(message.text()));
  page.on("pageerror", (error) => seen.faults.push(String(error)));
  page.on("request", (request) => seen.asked.push(request.url()));
  page.on("response", async (response) => {
    if (response.status() === 200) seen.bytes.set(response.url(), (await response.body().catch(() => "")).length);
  });
  await page.goto(`${address}/${hash}`);
  if (drawn) await shown(page);
  return seen;
}

// The view of the address is on the page.
export async function shown(page) {
  await page.waitForFunction(() => document.body.dataset.drawn && !document.querySelector("#view[aria-busy]") && document.querySelector("#view").children.length > 0
    && !/^(读取中|Reading)/.test(document.querySelector("#view").textContent));
}

export async function go(page, hash) {
  await page.evaluate((to) => { location.hash = to; }, hash);
  await page.waitForTimeout(50);
  await shown(page);
}

export async function close(seen) {
  const outside = seen.asked.filter((url) => !["127.0.0.1"].includes(new URL(url).hostname) && !url.startsWith("blob:") && !url.startsWith("data:"));
  await seen.context.close();
  assert.deepEqual(outside, []);
  assert.deepEqual(seen.faults, []);
}

export const text = (page, id) => page.locator(`#${id}`).innerText();
export const numberOf = async (page, id) => Number((await text(page, id)).replace(/,/g, ""));

// The cells of a table's rows, as texts.
export const rowsOf = (page, id) => page.locator(`#${id} tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
export const footOf = (page, id) => page.locator(`#${id} tfoot tr`).evaluate((row) => [...row.cells].map((cell) => cell.textContent.trim()));
