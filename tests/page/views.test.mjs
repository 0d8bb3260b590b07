// SPDX-License-Identifier: Apache-2.0
// Every view opens in both languages and says what SQL says; the way down adds up at each level.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, footOf, go, numberOf, open, rowsOf, shown, stop, text } from "./browser.mjs";
import { api, number, sql, until } from "./district.mjs";

after(stop);
const VIEWS = ["overview", "place", "times", "units", "rates", "repeats", "figures", "stations", "triggers", "desk", "cases", "ledger", "screen"];
const int = (words) => Number(words.replace(/,/g, ""));

test("every view opens, in both languages, light and dark, and is not empty", async () => {
  for (const [lang, theme] of [["", "light"], ["en", "dark"]]) {
    const seen = await open(`#view=overview&lang=${lang}`, { theme });
    for (const view of VIEWS) {
      await go(seen.page, `#view=${view}&range=all&lang=${lang}`);
      const words = await text(seen.page, "view");
      assert.ok(words.length > 80, `${view}: ${words}`);
      assert.ok(!/undefined|NaN|\[object/.test(words), `${view}: ${words.match(/.{30}(undefined|NaN|\[object).{30}/s)}`);
      assert.ok(!/1[3-9]\d{9}/.test(words), `${view}: a number of a telephone`);
      assert.equal(await seen.page.locator("#notice").isVisible(), false, `${view}: ${await text(seen.page, "notice")}`);
      assert.equal(await seen.page.locator("h1").innerText(), await seen.page.title().then((title) => title.split(" · ").slice(0, -1).join(" · ")));
    }
    await close(seen);
  }
});

test("numbers of the overview are those of SQL", async () => {
  const { day } = await api("clock"), seen = await open();
  const [today] = sql(`SELECT sum(opened)::int AS opened, sum(closed)::int AS closed, sum(closed_in)::int AS closed_in FROM api.closure_rate WHERE day = '${day}'`);
  assert.equal(await numberOf(seen.page, "today"), today.opened);
  assert.equal(await numberOf(seen.page, "closed"), today.closed_in);
  assert.equal(await text(seen.page, "rate"), `${(100 * today.closed / today.opened).toFixed(1)}%`);
  const open_ = number("SELECT count(*)::int AS n FROM core.case_now WHERE kind = 'request' AND opened_ms IS NOT NULL AND closed_ms IS NULL AND live");
  const shownOpen = await numberOf(seen.page, "backlog"), stock = number(`SELECT coalesce(sum(open), 0)::int AS n FROM api.backlog WHERE day = '${day}'`);
  assert.equal(shownOpen, stock);
  assert.ok(Math.abs(open_ - stock) <= open_ * 0.05, `${open_} cases are open, the stock says ${stock}`);
  const cells = await seen.page.locator("#board li b").allInnerTexts();
  assert.equal(cells.map(int).reduce((a, b) => a + b, 0), today.opened);
  await close(seen);
});

test("overdue is one number wherever it stands, and where it is another the difference is told", async () => {
  const seen = await open(), { page } = seen, told = {}, near = (n) => number("SELECT count(*)::int AS n FROM core.case_now WHERE kind = 'request' AND opened_ms IS NOT NULL AND resolved_ms IS NULL AND closed_ms IS NULL AND due_ms <= least(held_ms, (SELECT t_ms FROM core.clock))") - n;
  told.overview = await numberOf(page, "overdue");
  assert.equal(await numberOf(page, "desk_overdue"), (await api("desk?limit=1")).waiting.overdue || 0);
  for (const range of ["week", "all"]) {
    await go(page, `#view=units&range=${range}`);
    told[`units ${range}`] = int((await footOf(page, "units")).at(-5));
  }
  for (const by of ["unit", "type_code", "total"]) {
    await go(page, `#view=figures&name=overdue&by=${by}`);
    told[`figures ${by}`] = int(by === "total" ? (await rowsOf(page, "figures"))[0][1] : (await footOf(page, "figures"))[1]);
  }
  await go(page, "#view=cases&kind=request&overdue=yes&pages=9");
  told.listed = (await rowsOf(page, "case_rows")).length;
  assert.ok(told.overview > 0, "nobody is late");
  for (const [where, n] of Object.entries(told)) assert.ok(Math.abs(near(n)) <= 2, `${where}: ${n}, ${near(n)} off: ${JSON.stringify(told)}`); // the clock goes on
  await go(page, "#view=desk&cause=overdue");
  assert.match(await text(page, "not_the_stock"), /不是同一个数/);
  await close(seen);
});

const COUNTS = ["opened", "contacted", "done", "on_time", "closed"];
const STOCKS = { open: "backlog", overdue: "overdue" };
const where = (filter) => Object.entries(filter).map(([name, value]) => `${name} = '${value}'`).join(" AND ") || "true";
const sumOf = (filter) => sql(`SELECT ${COUNTS.map((key) => `coalesce(sum(${key}), 0)::int AS ${key}`)} FROM api.places WHERE ${where(filter)}`)[0];

async function level(page, filter, by) {
  const wanted = sumOf(filter), rows = await rowsOf(page, "places"), foot = await footOf(page, "places");
  assert.deepEqual(foot.slice(1, 6).map(int), COUNTS.map((key) => wanted[key]), `the sum at ${JSON.stringify(filter)}`);
  COUNTS.forEach((key, n) => assert.equal(rows.map((row) => int(row[n + 1])).reduce((a, b) => a + b, 0), wanted[key], `${key} of the rows at ${JSON.stringify(filter)}`));
  assert.equal(rows.length, number(`SELECT count(*)::int AS n FROM (SELECT ${by} FROM api.places WHERE ${where(filter)} GROUP BY 1) AS g`));
  assert.equal(await page.locator("#agreement.good").count(), 1);
  for (const [n, [key, view]] of Object.entries(STOCKS).entries()) { // the clock goes on
    const now = () => number(`SELECT coalesce(sum(${key}), 0)::int AS n FROM api.${view} WHERE day = (SELECT max(day) FROM api.${view}) AND ${where(filter)}`);
    const told = int(foot.at(n - 2)), of = Object.fromEntries(rows.map((row) => [row[0], int(row.at(n - 2))]));
    assert.equal(Object.values(of).reduce((a, b) => a + b, 0), told, `${key} of the rows at ${JSON.stringify(filter)}`);
    assert.ok(Math.abs(now() - told) <= 2, `${key} at ${JSON.stringify(filter)}: ${told}, SQL says ${now()}`);
  }
  const [busiest] = sql(`SELECT ${by} AS code, sum(opened)::int AS n FROM api.places WHERE ${where(filter)} AND ${by} <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1`);
  await page.locator(`#places tbody tr[data-key="${busiest.code}"] a`).first().click();
  await page.waitForTimeout(50);
  await shown(page);
  return busiest;
}

test("district, street, community, unit, case: each level is the sum of the next, and the back button goes up", async () => {
  const seen = await open("#view=place&range=all"), { page } = seen;
  const street = await level(page, {}, "street_code");
  const community = await level(page, { street_code: street.code }, "community_code");
  const unit = await level(page, { street_code: street.code, community_code: community.code }, "unit");
  const filter = { street_code: street.code, community_code: community.code, unit: unit.code };
  const wanted = sumOf(filter).opened;
  while (await page.locator("a", { hasText: "再列 100 件" }).count()) {
    await page.locator("a", { hasText: "再列 100 件" }).click();
    await page.waitForTimeout(300);
  }
  const listed = await rowsOf(page, "case_rows");
  assert.equal(listed.length, wanted);
  const cases = sql(`SELECT case_id FROM core.case_now WHERE kind = 'request' AND street_code = '${street.code}' AND community_code = '${community.code}' AND lead = '${unit.code}' AND opened_ms IS NOT NULL`);
  assert.deepEqual(listed.map((row) => row[0]).sort(), cases.map((row) => row.case_id.split(":").slice(2).join(":")).sort());
  await page.locator("#case_rows tbody a.case").first().click();
  await page.locator("#timeline").waitFor();
  const name = await text(page, "case_title"), told = await api(`cases/${encodeURIComponent(name)}?lang=zh`);
  assert.deepEqual(await page.locator("#timeline > li p:first-child").evaluateAll((all) => all.map((one) => one.firstChild.data)), told.timeline.map((line) => line.words));
  assert.ok((await text(page, "why")).length > 5);
  const up = [];
  for (let n = 0; n < 4; n++) {
    await page.goBack();
    await page.waitForTimeout(50);
    await shown(page);
    up.push(new URLSearchParams(new URL(page.url()).hash.slice(1)));
  }
  assert.deepEqual([up[0].get("unit"), up[1].get("community"), up[2].get("street"), up[3].get("street")], [unit.code, community.code, street.code, null]);
  assert.equal(await page.locator("#places").count(), 1);
  await close(seen);
});

test("units, rates, times, ledger and stations say what their views say", async () => {
  const seen = await open("#view=units&range=all"), { page } = seen;
  const units = sql("SELECT unit, sum(opened)::int AS opened, sum(closed)::int AS closed FROM api.closure_rate GROUP BY 1");
  for (const row of units.filter((one) => one.opened && one.unit)) {
    const cells = await page.locator(`#units tr[data-key="${row.unit}"]`).evaluate((line) => [...line.cells].map((cell) => cell.innerText));
    assert.equal(int(cells[2]), row.opened, row.unit);
    assert.ok(cells[3].includes(`${row.closed}/${row.opened}`), `${row.unit}: ${cells[3]}`);
  }
  const foot = await footOf(page, "units");
  assert.equal(int(foot[2]), units.reduce((all, row) => all + row.opened, 0));

  await go(page, "#view=rates");
  const [rates] = (await api(`views/three_rates?from=${(await text(page, "rates_days")).split(" – ")[0]}&to=${(await text(page, "rates_days")).split(" – ")[1]}`)).rows;
  assert.equal(await numberOf(page, "valid"), rates?.valid || 0);
  if (rates?.valid) assert.equal(await text(page, "score"), Number(rates.score).toFixed(2));

  await go(page, "#view=times&range=all&measure=full");
  let who, some; // a case that goes to another unit meanwhile takes its row along
  await until(async () => {
    who = (await api("views/response_time?by=unit")).rows;
    const came = (await api("views/closure_rate?by=unit")).rows.filter((row) => row.opened > 0); // with and without a time
    await page.locator("#times_street_table").evaluate((table) => { table.closest("details").open = true; });
    some = [...await rowsOf(page, "times_street_rows"), ...(await page.locator("#times_other_rows").count() ? await rowsOf(page, "times_other_rows") : [])];
    return some.length === new Set([...who.filter((row) => row.full_n > 0), ...came].map((row) => row.unit)).size;
  }, "all units that have orders stand there, who has none done too");
  const times = who.filter((row) => row.full_n > 0);
  assert.equal(some.filter((row) => int(row[2]) > 0).length, times.length);
  assert.equal(some.map((row) => int(row[2])).reduce((a, b) => a + b, 0), times.reduce((all, row) => all + row.full_n, 0));

  await go(page, "#view=ledger&range=all");
  const account = sql("SELECT feed, sum(read)::int AS read, sum(dead)::int AS dead FROM api.ledger GROUP BY 1");
  for (const row of account) {
    const cells = await page.locator(`#account tr[data-key="${row.feed}"]`).evaluate((line) => [...line.cells].map((cell) => cell.innerText));
    assert.deepEqual([int(cells[2]), int(cells[4])], [row.read, row.dead], row.feed);
  }

  // why adds up to how many, feed by feed, and a click shows one feed alone
  const told = sql("SELECT feed, reason, sum(rows)::int AS n FROM api.refused GROUP BY 1, 2");
  if (told.length) {
    for (const { feed, reason, n } of told) {
      const cells = await page.locator(`#reasons tr[data-key="${feed} ${reason}"]`).evaluate((line) => [...line.cells].map((cell) => cell.innerText));
      assert.equal(int(cells[2]), n, `${feed} ${reason}`);
      assert.match(cells[6], new RegExp(`citybrain dead ls --feed ${feed} --code ${reason}`));
    }
    for (const row of account) assert.equal(told.filter((one) => one.feed === row.feed).reduce((all, one) => all + one.n, 0), row.dead, row.feed);
    const [{ feed }] = told;
    await page.locator(`#account tr[data-key="${feed}"] td a`).click();
    await page.waitForFunction((wanted) => new URLSearchParams(location.hash.slice(1)).get("feed") === wanted && !document.querySelector("#view[aria-busy]"), feed);
    assert.deepEqual([...new Set(await page.locator("#reasons tbody tr").evaluateAll((rows) => rows.map((row) => row.dataset.key.split(" ")[0])))], [feed]);
  }
  assert.match(await text(page, "came"), /^最新来件 .+前$/);

  await go(page, "#view=stations");
  const wall = await api("stations");
  assert.ok(wall.rows.length >= 269);
  assert.equal(await page.locator("#wall .station").count(), wall.rows.length);
  for (const state of ["alive", "late", "silent", "never"]) assert.equal(await page.locator(`#wall .station.${state}`).count(), wall.counts[state], state);
  await close(seen);
});

test("a unit is held against itself in the days before", async () => {
  const { day } = await api("clock"), seen = await open("#view=units&range=period"), { page } = seen;
  const [first, last] = (await text(page, "days_before")).match(/\d{4}-\d\d-\d\d/g);
  assert.ok(first.endsWith("-19") && last.endsWith("-18") && last < day, `${first} ${last}`);
  await go(page, `#view=units&from=${day}&to=${day}`);
  const [before] = (await text(page, "days_before")).match(/\d{4}-\d\d-\d\d/);
  const units = sql(`SELECT unit, sum(opened)::int AS opened, sum(closed)::int AS closed FROM api.closure_rate WHERE day = '${before}' GROUP BY 1`).filter((row) => row.opened);
  const sum = (key) => units.reduce((all, row) => all + row[key], 0);
  for (const row of units) {
    const cells = await page.locator(`#units tr[data-key="${row.unit || "none"}"]`).evaluate((line) => [...line.cells].map((cell) => cell.innerText));
    assert.ok(cells[4].includes(`${row.closed}/${row.opened}`), `${row.unit}: ${cells[4]}`);
  }
  if (sum("opened")) assert.ok((await footOf(page, "units"))[4].includes(`${sum("closed")}/${sum("opened")}`));
  await close(seen);
});

test("repeats by community, type and unit are what SQL says", async () => {
  const seen = await open("#view=repeats&range=all"), { page } = seen;
  for (const of of ["community_code", "type_code", "unit"]) {
    await go(page, `#view=repeats&range=all&of=${of}`);
    const wanted = sql(`SELECT ${of} AS code, sum(opened)::int AS opened, sum(again)::int AS again, sum(reopened)::int AS reopened, sum(reopened_in)::int AS reopened_in, sum(merged)::int AS merged, sum(extended)::int AS extended FROM api.repeat GROUP BY 1`);
    const rows = await rowsOf(page, "repeats");
    assert.equal(rows.length, wanted.length);
    assert.deepEqual([1, 2, 4, 6, 7, 8].map((n) => rows.reduce((all, row) => all + int(row[n]), 0)), ["opened", "again", "reopened", "reopened_in", "merged", "extended"].map((key) => wanted.reduce((all, row) => all + row[key], 0)));
    const most = Math.max(...wanted.map((row) => row.again));
    assert.ok(most > 0, "nobody asked again");
    assert.equal(int(rows[0][2]), most);
  }
  await close(seen);
});

// As the page writes a number of each form; a sum of counts is what the rows add up to.
test("every view there is stands as a table whose rows and sum are SQL's", async () => {
  const seen = await open("#view=figures&range=all"), { page } = seen, { views } = await api("views");
  assert.equal((await rowsOf(page, "view_list")).length, views.length);
  for (const { view, name, groups, buckets, columns } of views.filter((one) => one.view !== "ledger")) {
    await go(page, `#view=figures&range=all&name=${view}`);
    assert.equal(await page.locator("h1").innerText(), `指标 · ${name}`);
    const [{ n }] = sql(`SELECT count(*)::int AS n FROM api.${view}`);
    if (!n) continue;
    const counts = columns.filter(({ form, stat }) => form === "count" && !stat).map(({ column }) => column);
    for (const by of [groups[0], buckets[0]].filter((one) => one && counts.length)) {
      await go(page, `#view=figures&range=all&name=${view}&by=${by}`);
      const [wanted] = sql(`SELECT count(DISTINCT ${by})::int AS rows, ${counts.map((one) => `sum(${one})::int AS ${one}`)} FROM api.${view}`);
      const rows = await rowsOf(page, "figures"), foot = await footOf(page, "figures"), at = (one) => columns.findIndex(({ column }) => column === one) + 1;
      assert.equal(rows.length, Math.min(200, wanted.rows), `${view} by ${by}`);
      for (const one of counts) {
        assert.equal(int(foot[at(one)]), wanted[one], `${one} of ${view}`);
        if (wanted.rows <= 200) assert.equal(rows.reduce((all, row) => all + int(row[at(one)]), 0), wanted[one], `${one} of ${view} by ${by}`);
      }
    }
  }
  const { day } = await api("clock");
  await go(page, "#view=figures&range=today&name=closure_rate&by=unit");
  const [some] = (await api(`views/closure_rate?by=unit&from=${day}&to=${day}`)).rows.filter((row) => row.unit).sort((a, b) => b.opened - a.opened);
  const cells = await page.locator(`#figures tr[data-key="${some.unit}"]`).evaluate((line) => [...line.cells].map((cell) => cell.textContent));
  assert.deepEqual(cells.slice(1, 4), [some.opened.toLocaleString("en-US"), some.closed.toLocaleString("en-US"), `${(100 * some.rate).toFixed(1)}%`]);
  await page.locator(`#figures tr[data-key="${some.unit}"] a`).click();
  await page.waitForTimeout(50);
  await shown(page);
  if (some.opened <= 100) assert.equal((await rowsOf(page, "case_rows")).length, number(`SELECT count(*)::int AS n FROM core.case_now WHERE kind = 'request' AND lead = '${some.unit}' AND opened_ms >= (extract(epoch FROM timestamp '${day}') * 1000)::bigint - 28800000 AND opened_ms < (extract(epoch FROM timestamp '${day}') * 1000)::bigint + 57600000`));
  await close(seen);
});

test("triggers show their evidence", async () => {
  const seen = await open("#view=triggers&range=all"), { page } = seen, found = (await api("triggers?limit=50&over=no")).rows;
  assert.ok(found.length > 0, "the day fired nothing");
  assert.equal(await page.locator(".firing").count(), found.length);
  for (const row of found.slice(0, 5)) {
    const shown_ = page.locator(`.firing[data-key="${row.case}"]`);
    assert.ok((await shown_.textContent()).includes(row.reason.replace(/\b[a-z]+:[a-z0-9_-]+:(?=\w)/g, ""))); // cases by their numbers; some may be folded away
    assert.equal(await shown_.locator(".evidence li").count(), (row.evidence || []).length);
  }
  const callers = sql("SELECT DISTINCT data->'group'->>'caller_ref' AS sign FROM core.firing WHERE data->'group'->>'caller_ref' <> ''").map((row) => row.sign), words = await text(page, "view");
  assert.ok(callers.length > 0, "nobody called three times");
  assert.deepEqual(callers.filter((sign) => words.includes(sign)), []);
  await close(seen);
});
