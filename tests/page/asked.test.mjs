// SPDX-License-Identifier: Apache-2.0
// What an operator asks (docs/page.md), from the first page on by what stands on it: links, a select, the field for a number.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, footOf, open, rowsOf, shown, stop, text } from "./browser.mjs";
import { api, order, post, say, sql, until } from "./district.mjs";

after(stop);
const int = (words) => Number(words.replace(/,/g, ""));

async function settled(page) {
  await page.waitForTimeout(50);
  await shown(page);
}
async function to(page, view) {
  await page.locator(`#views a[data-key="${view}"]`).click();
  await settled(page);
}
async function choose(page, name) {
  await page.locator(".controls").getByRole("link", { name, exact: true }).click();
  await settled(page);
}
// The first row of something that has a code.
const firstOf = (page, id) => page.locator(`#${id} tbody tr[data-key]`).first().evaluate((row) => ({ code: row.dataset.key, cells: [...row.cells].map((cell) => cell.textContent.trim()) }));

// Without the views: what stands between a dispatch and its lead's 办结, case by case.
const handled = (types) => sql(`SELECT c.street_code AS code, count(*)::int AS n, percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM s.time - d.time))::float AS median
  FROM api.case_timeline s JOIN api.case_timeline d USING (case_id) JOIN api.case_now c USING (case_id)
  WHERE s.stage = 'resolved' AND s.party = 'lead' AND d.stage = 'dispatched' AND s.unit = d.lead AND c.kind = 'request' AND c.type_code IN (${types.map((one) => `'${one}'`)}) AND c.street_code <> '' GROUP BY 1`);

test("which street is the slowest on one matter this week, and what does it have open", async () => {
  const [{ type }] = sql("SELECT type_code AS type FROM api.case_now WHERE kind = 'request' AND type_code IS NOT NULL AND street_code IS NOT NULL AND resolved IS NOT NULL GROUP BY 1 ORDER BY count(DISTINCT street_code) DESC, 1 LIMIT 1");
  const wanted = new Map(handled([type]).map((row) => [row.code, row])), seen = await open(), { page } = seen;
  assert.ok(wanted.size > 1, `${type} in ${wanted.size} streets`);
  await to(page, "times");
  await choose(page, "办理");
  await choose(page, "发生街乡");
  await choose(page, "近 7 日");
  await page.locator(".controls select").selectOption(type);
  await settled(page);
  const { code, cells } = await firstOf(page, "times_place_rows"), first = wanted.get(code);
  assert.equal(int(cells[2]), first.n);
  assert.ok(first.median >= 0.96 * Math.max(...[...wanted.values()].map((one) => one.median)), `${cells}`); // bins are right to 2 %
  await page.locator("#times_place_table").evaluate((table) => { table.closest("details").open = true; });
  await page.locator(`#times_place_rows tr[data-key="${code}"] th a`).click(); // its name; its number leads to what came
  await settled(page);
  assert.equal(await page.locator(`.controls select[data-value="${code}"]`).inputValue(), code);
  await close(seen);
});

test("heating is several types and one matter: its cases and medians are of them all, and another can be added", async () => {
  const { type_groups: groups } = await api("names");
  const done = sql("SELECT type_code AS type, street_code AS street FROM api.case_now WHERE kind = 'request' AND resolved IS NOT NULL AND street_code <> '' GROUP BY 1, 2");
  const streetsOf = (types) => new Set(done.filter((row) => types.includes(row.type)).map((row) => row.street)).size;
  const [most] = groups.filter((one) => one.types.length > 1).sort((a, b) => streetsOf(b.types) - streetsOf(a.types)), busy = { ...most, streets: handled(most.types) };
  assert.ok(groups.some((one) => one.name === "供暖") && busy.streets.length > 1, busy.group);
  const seen = await open(), { page } = seen, select = page.locator(".controls select");
  await to(page, "times");
  await choose(page, "办理");
  await choose(page, "发生街乡");
  await select.selectOption(busy.group);
  await settled(page);
  const timed = async () => new Map((await page.locator("#times_place_rows tbody tr").evaluateAll((rows) => rows.map((row) => [row.dataset.key, [...row.cells].map((cell) => cell.textContent.trim())]))).filter(([code, cells]) => code && cells[2] !== "0"));
  const rows = await timed();
  const counted = (types) => sql(`SELECT street_code AS code, sum(handle_n)::int AS n FROM api.response_time WHERE type_code IN (${types.map((one) => `'${one}'`)}) AND street_code <> '' GROUP BY 1 HAVING sum(handle_n) > 0`).map(({ code, n }) => [code, n]).sort();
  const told = (all) => [...all].map(([code, cells]) => [code, int(cells[2])]).sort();
  assert.deepEqual(told(rows), counted(busy.types));
  const slowest = busy.streets.find((one) => one.code === [...rows.keys()][0]).median;
  assert.ok(slowest >= 0.96 * Math.max(...busy.streets.map((one) => one.median)), `${slowest}`); // bins are right to 2 %
  const [other] = sql(`SELECT type_code AS code FROM api.case_now WHERE kind = 'request' AND resolved IS NOT NULL AND street_code <> '' AND type_code NOT IN (${busy.types.map((one) => `'${one}'`)}) GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`);
  await select.nth(1).selectOption(other.code);
  await settled(page);
  assert.deepEqual(told(await timed()), counted([...busy.types, other.code]));
  await page.locator(`.controls a[data-key="${other.code}"]`).click();
  await settled(page);
  assert.equal((await timed()).size, rows.size);
  await to(page, "units");
  await select.selectOption(busy.group);
  await choose(page, "全部");
  const [sum] = sql(`SELECT sum(opened)::int AS opened, sum(closed)::int AS closed FROM api.closure_rate WHERE type_code IN (${busy.types.map((one) => `'${one}'`)})`), foot = await footOf(page, "units");
  assert.deepEqual([int(foot[2]), foot[3]], [sum.opened, `${(100 * sum.closed / sum.opened).toFixed(1)}% ${sum.closed}/${sum.opened}`]);
  await close(seen);
});

test("why is this one late", async () => {
  const [{ case: name }] = (await api("cases?kind=request&overdue=yes&order=due&limit=1")).rows, seen = await open(), { page } = seen;
  await page.locator("#find_number").fill(name.split(":")[2]);
  await page.keyboard.press("Enter");
  await page.locator("#case_title", { hasText: name }).waitFor();
  const why = await text(page, "why");
  assert.match(why, /时限 .* 已过 .*,尚未办结。/);
  assert.match(why, /尚未签收|尚未联系居民|此后无进展|等待指挥中心/);
  await close(seen);
});

test("where do residents ask again most", async () => {
  const wanted = sql("SELECT community_code AS code, sum(again)::int AS again FROM api.repeat GROUP BY 1 ORDER BY 2 DESC"), seen = await open(), { page } = seen;
  await to(page, "repeats");
  await choose(page, "近 7 日");
  const { code, cells } = await firstOf(page, "repeats");
  assert.equal(int(cells[2]), wanted[0].again);
  assert.equal(wanted.find((row) => row.code === code).again, wanted[0].again);
  assert.ok(wanted[0].again > 1, "one place stands out");
  await close(seen);
});

test("what has this unit open: as many as are listed, done or not, as long as they are not closed", async () => {
  const seen = await open(), { page } = seen;
  const [{ unit }] = sql("SELECT lead AS unit FROM core.case_now WHERE kind = 'request' AND state = 'resolved' AND lead <> 'desk' GROUP BY 1 ORDER BY count(*), 1 LIMIT 1");
  await to(page, "units");
  const link = page.locator(`#units tr[data-key="${unit}"] td:nth-last-child(6) a`), counted = int(await link.textContent());
  await link.click();
  await settled(page);
  const rows = await rowsOf(page, "case_rows");
  assert.ok(rows.some((row) => /已办结/.test(row[1])), `${unit} has done some`);
  assert.equal(rows.length, Math.min(100, counted));
  await close(seen);
});

test("what has this unit to do first", async () => {
  const seen = await open(), { page } = seen;
  await to(page, "units");
  const [unit] = await page.locator("#units tbody tr").evaluateAll((rows) => rows.map((row) => ({ code: row.dataset.key, late: Number(row.querySelector("a.late")?.textContent.replace(/,/g, "") || 0) }))
    .filter((row) => row.late && row.code !== "desk").sort((a, b) => b.late - a.late));
  await page.locator(`#units tr[data-key="${unit.code}"] a.late`).click();
  await settled(page);
  const wanted = (await api(`cases?kind=request&unit=${unit.code}&overdue=yes&order=due&limit=100`)).rows.map((row) => row.case.split(":").slice(2).join(":"));
  assert.deepEqual((await rowsOf(page, "case_rows")).map((row) => row[0]), wanted);
  assert.ok(Math.abs(wanted.length - unit.late) <= 2, `${wanted.length} are listed, ${unit.late} were counted`); // the clock goes on
  await close(seen);
});

// One that its lead sends back, and rightly: another has it now.
async function sentBack() {
  const number = `ASK${Date.now().toString(36).toUpperCase()}`, name = `request:12345:${number}`;
  const now = () => sql(`SELECT lead, desk_cause FROM core.case_now WHERE case_id = '${name}'`)[0];
  await post("hotline", [order(number)]);
  const first = await until(() => now()?.lead, "it has a lead");
  await say(first, name, "disputed");
  await until(() => now().desk_cause === "dispute", "the desk is asked");
  await say("desk", name, "dispute_decided", { outcome: "upheld", lead: "d_water", by: "王", reason: "属水务" });
  await until(() => now().lead === "d_water", "another has it");
  return first;
}

test("who sends back, what waits for a decision, who is silent", async () => {
  const first = await sentBack(), seen = await open(), { page } = seen;
  await to(page, "units");
  await choose(page, "全部");
  const counted = async (unit) => int(await page.locator(`#units tr[data-key="${unit}"] td:nth-last-child(2)`).textContent());
  assert.ok(await counted(first) > 0);
  assert.equal(await counted("d_water"), 0);
  const back = sql("SELECT sum(disputed)::int AS disputed, sum(returned)::int AS returned FROM api.dispute")[0];
  assert.deepEqual((await footOf(page, "units")).slice(-3), [back.disputed, back.returned].map((n) => n.toLocaleString("en-US")).concat(`${(100 * back.returned / back.disputed).toFixed(1)}%`));
  await to(page, "desk");
  const { waiting } = await api("desk?limit=1&over=no"), all = Object.values(waiting).reduce((sum, n) => sum + n, 0);
  assert.match(await text(page, "view"), new RegExp(`全部 ${all.toLocaleString("en-US")}\\b`));
  await to(page, "stations");
  const { counts } = await api("stations"), [state] = ["silent", "never", "late"].filter((one) => counts[one]);
  await page.locator(".controls a", { hasText: { silent: "静默", never: "从未上报", late: "迟到" }[state] }).click();
  await settled(page);
  assert.equal((await rowsOf(page, "station_rows")).length, counts[state]);
  await close(seen);
});
