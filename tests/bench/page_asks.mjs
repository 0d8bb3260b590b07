// SPDX-License-Identifier: Apache-2.0
// What a page that stays open asks, told by the page's own code (web/turn.js and the view's module) with answers of nothing:
// {every_ms, turns: [[{address, headers}, …], …]} as JSON. tests/golden/test_page.py holds a browser against it.
//
// usage: node page_asks.mjs DAY TURNS [VIEW]      VIEW: overview (default), screen, …
const [day, turns, name = "overview"] = process.argv.slice(2);
let asked = [], now = 0;

const nothing = { now: Date.parse(`${day}T04:00:00Z`), age_ms: 0, day, zone_minutes: 480, rows: [], partitions: [], counts: {}, waiting: {}, next: null };
const answersOf = (address) => address.startsWith("api/together?")
  ? { answers: new URLSearchParams(address.split("?")[1]).getAll("ask").map(() => ({ status: 200, body: nothing })) } : nothing;
globalThis.fetch = async (address, { headers }) => {
  asked.push({ address: `/${address}`, headers });
  return { ok: true, status: 200, json: async () => answersOf(address) };
};
performance.now = () => now;

const page = (module) => import(new URL(`../../web/${module}.js`, import.meta.url));
const { EVERY_MS, askTurn } = await page("turn");
const view = await page(name), every_ms = view.every || EVERY_MS, all = [];
for (let n = 0; n < Number(turns); n++, now += every_ms) {
  asked = [];
  await askTurn(view, { view: name, range: "today" });
  all.push(asked);
}
console.log(JSON.stringify({ every_ms, turns: all }));
