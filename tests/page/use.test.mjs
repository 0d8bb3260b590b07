// SPDX-License-Identifier: Apache-2.0
// How it is used: live numbers, another language, the keyboard alone, a decision at the desk; what it weighs and how it reads.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, go, numberOf, open, shown, stop, text } from "./browser.mjs";
import { api, door, order, post, records, sql, until } from "./district.mjs";

after(stop);
const run = Date.now().toString(36).toUpperCase();

test("a number moves within ten seconds of a posted request", async () => {
  const seen = await open(), before = await numberOf(seen.page, "today"), began = Date.now();
  await post("hotline", [order(`PGL${run}1`), order(`PGL${run}2`)]);
  await until(async () => await numberOf(seen.page, "today") >= before + 2, "the number moved", 10);
  console.log(`# moved after ${Date.now() - began} ms`);
  await until(async () => (await text(seen.page, "newest")).includes(`PGL${run}`), "the newest list has it", 10);
  await close(seen);
});

test("the language is switched, said in the document, and kept in the address", async () => {
  const seen = await open("#view=units&range=all"), { page } = seen;
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  await page.locator("#switch_lang").click();
  await shown(page);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.match(page.url(), /lang=en/);
  for (const place of ["views", "title", "status"]) assert.doesNotMatch(await text(page, place), /[\u4e00-\u9fff]/, place);
  const foreign = () => page.evaluate(() => { // names of data are Chinese, and say so to a screen reader
    const found = [], walk = document.createTreeWalker(document.querySelector("#view"), NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) if (/[\u4e00-\u9fff]/.test(walk.currentNode.data) && !walk.currentNode.parentElement.closest("[lang=zh-CN]:not(html)")) found.push(walk.currentNode.data);
    return found;
  });
  assert.deepEqual(await foreign(), []);
  for (const view of ["figures", "figures&name=response_time&by=type_code", "figures&name=dispute&by=rule,day"]) {
    await go(page, `#view=${view}&range=all&lang=en`);
    assert.deepEqual(await foreign(), [], view);
  }
  await go(page, "#view=units&range=all&lang=en");
  await page.reload();
  await shown(page);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await close(seen);
});

test("the keyboard alone: past the head, into a view, down a level, along the wall", async () => {
  const seen = await open(), { page } = seen, focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.innerText);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "title");
  await page.locator('#views a[data-key="place"]').focus();
  await page.keyboard.press("Enter");
  await page.waitForTimeout(100);
  await shown(page);
  assert.equal(await focused(), "title"); // who hears the page is told where he is
  assert.equal(await text(page, "said"), "属地");
  for (let n = 0; n < 80 && !(await page.evaluate(() => document.activeElement.closest("#places tbody"))); n++) await page.keyboard.press("Tab");
  const name = await focused();
  await page.keyboard.press("Enter");
  await page.locator(".trail [aria-current]", { hasText: name }).waitFor();
  await page.waitForTimeout(5500); // a refresh leaves the focus where it is
  await page.locator("#places a").first().focus();
  const held = await focused();
  await page.waitForTimeout(5500);
  assert.equal(await focused(), held);

  await go(page, "#view=stations");
  const cells = page.locator("#wall a");
  assert.equal(await page.locator('#wall a:not([tabindex="-1"])').count(), 1);
  await cells.first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.locator("#station_title").waitFor();
  assert.equal(await cells.nth(2).getAttribute("aria-current"), "true");
  await close(seen);
});

test("a number leads to its case, from any view, by the keyboard", async () => {
  const [{ case_id: name }] = sql("SELECT case_id FROM core.case_now WHERE kind = 'request' AND opened_ms IS NOT NULL ORDER BY case_id LIMIT 1"), number = name.split(":")[2];
  const seen = await open("#view=rates"), { page } = seen;
  for (const said of [number, name]) {
    await go(page, "#view=rates");
    await page.locator("#find_number").fill(said);
    await page.keyboard.press("Enter");
    await page.locator("#case_title", { hasText: name }).waitFor();
    assert.equal(await page.locator("#find_number").inputValue(), "");
  }
  await page.locator("#find_number").fill("NOBODY-HAS-IT");
  await page.keyboard.press("Enter");
  await page.locator("#view", { hasText: "没有编号为 NOBODY-HAS-IT 的事项" }).waitFor();
  await close(seen);
});

test("landmarks, headings and tables are named", async () => {
  const seen = await open(), { page } = seen;
  for (const view of ["overview", "place", "times", "units", "rates", "repeats", "figures", "figures&name=dispute", "stations", "triggers", "desk", "cases", "ledger"]) {
    await go(page, `#view=${view}&range=all`);
    const faults = await page.evaluate(() => {
      const found = [], ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
      for (const fold of document.querySelectorAll("details")) fold.open = true; // what is folded has names too
      ids.forEach((id, n) => ids.indexOf(id) !== n && found.push(`id ${id} twice`));
      for (const table of document.querySelectorAll("table")) if (!table.caption?.textContent.trim()) found.push(`a table without caption: ${table.id}`);
      for (const one of document.querySelectorAll("[aria-labelledby]")) if (!document.getElementById(one.getAttribute("aria-labelledby"))) found.push(`labelled by nothing: ${one.outerHTML.slice(0, 80)}`);
      for (const one of document.querySelectorAll("a, button, input, select, textarea")) {
        const name = one.getAttribute("aria-label") || one.textContent || one.closest("label")?.innerText || one.title || document.querySelector(`label[for="${one.id}"]`)?.innerText;
        if (!name?.trim() && one.offsetParent) found.push(`no name: ${one.outerHTML.slice(0, 80)}`);
      }
      for (const picture of document.querySelectorAll(".chart")) if (!picture.getAttribute("aria-label") || !picture.parentElement.querySelector("details table, details .none")) found.push(`a picture without table: ${picture.id}`);
      if (document.querySelectorAll("h1").length !== 1 || document.querySelectorAll("main").length !== 1) found.push("one h1, one main");
      return found;
    });
    assert.deepEqual(faults, [], view);
  }
  await close(seen);
});

// The ratio of a text's colour to what lies behind it, of everything that can be read.
const unreadable = () => {
  const parse = (colour) => { const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number); return { r, g, b, a }; };
  const light = ({ r, g, b }) => { const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.03928 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4)); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const ground = (element) => { for (let one = element; one; one = one.parentElement) { const back = parse(getComputedStyle(one).backgroundColor); if (back.a > 0.99) return back; } return { r: 255, g: 255, b: 255 }; };
  const found = new Map(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.offsetParent || element.closest(".hear, script, noscript, option, .leave") || element.closest("[disabled]")) continue;
    const style = getComputedStyle(element), [a, b] = [light(parse(style.color)), light(ground(element))].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.set(`${element.className || element.tagName} ${style.color} ${ratio.toFixed(2)}`, walk.currentNode.data.trim().slice(0, 20));
  }
  return [...found];
};

test("every text can be read, light and dark", async () => {
  for (const theme of ["light", "dark"]) {
    const seen = await open("", { theme });
    for (const view of ["overview", "place", "units", "rates", "figures", "figures&name=three_rates", "stations", "triggers", "desk", "cases", "ledger", "screen"]) {
      await go(seen.page, `#view=${view}&range=all`);
      assert.deepEqual(await seen.page.evaluate(unreadable), [], `${view}, ${theme}`);
    }
    await close(seen);
  }
});

test("the wall screen fits a screen, nothing of it is cut, and Escape leaves it", async () => {
  const seen = await open("#view=screen", { width: 1920, height: 1080 }), { page } = seen;
  for (const [width, height] of [[1920, 1080], [1366, 768]]) {
    await page.setViewportSize({ width, height });
    await go(page, `#view=screen&theme=${width === 1920 ? "light" : "dark"}`);
    await page.waitForTimeout(300);
    assert.deepEqual(await page.evaluate(() => [document.documentElement.scrollWidth <= innerWidth, document.documentElement.scrollHeight <= innerHeight]), [true, true]);
    const cut = await page.evaluate(() => [...document.querySelectorAll("#view, #view *")].filter((one) => one.offsetParent && !one.closest(".hear, .leave, .chart"))
      .filter((one) => one.scrollHeight > one.clientHeight + 1 && getComputedStyle(one).overflowY !== "visible" || one.getBoundingClientRect().bottom > innerHeight + 1 || one.getBoundingClientRect().right > innerWidth + 1)
      .map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 20)}`));
    assert.deepEqual(cut, [], `${width} x ${height}`);
  }
  await page.keyboard.press("Escape");
  await shown(page);
  assert.equal(await page.locator("#views").isVisible(), true);
  await close(seen);
});

test("the page weighs at most 1.5 MB", async () => {
  const seen = await open("#view=overview");
  await seen.page.waitForTimeout(300);
  const files = [...seen.bytes].filter(([url]) => !new URL(url).pathname.startsWith("/api/")), all = files.reduce((sum, [, bytes]) => sum + bytes, 0);
  console.log(`# ${files.length} files, ${all} bytes`);
  assert.ok(files.length > 20 && all > 1000000 && all <= 1500000, `${all} bytes`);
  await close(seen);
});

async function signIn(page, name, token) {
  if (!(await page.locator("#person").isVisible())) await page.locator("#identity summary").press("Enter"); // folded at the desk
  await page.locator("#person").fill(name);
  await page.locator("#token").fill(token);
  await page.locator("#sign_in button").click();
}

test("a person decides at the desk with the own token, which is nowhere but in memory", async () => {
  const number = `PGD${run}`, name = `request:12345:${number}`;
  await post("hotline", [order(number, { 问题分类: "", 反映街乡: "", 反映社区: "" })]);
  await until(() => sql(`SELECT desk_cause FROM core.case_now WHERE case_id = '${name}'`)[0]?.desk_cause, "the desk is asked");
  const seen = await open(`#view=desk&case=${encodeURIComponent(name)}`), { page } = seen;
  assert.equal(await page.locator("#decide").count(), 0); // nobody decides without saying who he is
  await signIn(page, "张三", "nobody-at-all");
  await page.locator("#identity .bad").waitFor();
  seen.faults.splice(0); // the browser tells of the 401
  await signIn(page, "张三", "demo-d_water");
  await page.locator("#identity .bad", { hasText: "不是区指挥中心" }).waitFor();
  assert.equal(await page.locator("#decide").count(), 0);
  await page.locator("#identity button").click();
  await page.locator("#sign_in").waitFor({ state: "attached" });
  seen.faults.splice(0); // what a unit may not see is 403
  await signIn(page, "张三", "demo-desk");
  await page.locator("#decide").waitFor();
  await page.locator("#move_assigned").check();
  await page.locator("#decide_lead").selectOption("d_water");
  await page.locator("#decide_reason").fill("现场核实属水务");
  await page.waitForTimeout(5500); // a refresh takes nothing of it away
  assert.deepEqual([await page.locator("#move_assigned").isChecked(), await page.locator("#decide_lead").inputValue(), await page.locator("#decide_reason").inputValue()], [true, "d_water", "现场核实属水务"]);
  await page.locator("#decide button[type=submit]").click();
  await page.locator("#said", { hasText: "已生效" }).waitFor({ state: "attached" });
  const [row] = sql(`SELECT lead, desk_cause FROM core.case_now WHERE case_id = '${name}'`);
  assert.deepEqual(row, { lead: "d_water", desk_cause: null });
  const audited = records("cb.audit").filter((one) => one.arguments.case === name);
  assert.deepEqual(audited.map((one) => [one.who, one.reason, one.verb, one.outcome, one.arguments.move, one.arguments.lead]), [["张三", "现场核实属水务", "desk decide", "intended", "assigned", "d_water"]]);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.documentElement.outerHTML]));
  assert.doesNotMatch(kept, /demo-desk/);
  await page.reload();
  await page.locator("#sign_in").waitFor({ state: "attached" });
  const told = await api(`cases/${encodeURIComponent(name)}`);
  assert.equal(told.timeline.filter((line) => line.stage === "assigned" && line.party === "desk").length, 1);
  await close(seen);
});

test("a station whose rows are refused is marked, with a sign and a word, and no other of its source", async () => {
  const before = (await api("stations")).rows.filter((row) => row.family === "platform" && !row.refused), { station } = before[0];
  const bad = Array.from({ length: 3 }, (_, n) => ({ 业务流水号: `PGB${run}${n}`, 站点编码: station }));
  await fetch(`${door}/v1/feeds/platform`, { method: "POST", body: bad.map((row) => `${JSON.stringify(row)}\n`).join(""), headers: { "Content-Type": "application/x-ndjson", Authorization: "Bearer demo-platform" } });
  const wanted = await until(async () => {
    const { rows } = await api("stations");
    return rows.find((row) => row.station === station).refused === 3 && rows.filter((row) => row.refused).map((row) => row.station).sort();
  }, "the three rows are counted", 15);
  for (const other of before.slice(1)) assert.ok(!wanted.includes(other.station), other.station);
  const seen = await open("#view=stations&state=dirty"), { page } = seen;
  assert.deepEqual((await page.locator("#wall .station.dirty").evaluateAll((all) => all.map((one) => one.closest("li").dataset.key))).sort(), wanted);
  const cell = page.locator(`#wall li[data-key="${station}"]`);
  assert.match(await cell.locator("a").getAttribute("aria-label"), /今日拒收 3 条/);
  assert.equal(await cell.locator(".flag:not(.night)").count(), 1);
  await page.goto(`${page.url().split("#")[0]}#view=stations&station=${station}`);
  await page.locator("#station_reasons").waitFor();
  assert.equal((await page.locator("#station_reasons tbody tr td:nth-child(3)").allInnerTexts()).reduce((all, n) => all + Number(n), 0), 3);
  assert.match(await page.locator("#station_reasons .command").first().innerText(), new RegExp(`--station ${station} `));
  await go(page, "#view=stations&state=dirty");
  assert.ok(await page.locator("#station_rows").isVisible()); // who asked for some is shown them as a list, too
  await close(seen);
});

test("the door answers the page's address and no other", async () => {
  const ask = (origin, method = "OPTIONS") => fetch(`${door}/v1/units/desk/status`, { method, headers: { Origin: origin, "Access-Control-Request-Method": "POST" } });
  const known = new URL(process.env.CITYBRAIN_API).origin, good = await ask(known), bad = await ask("http://127.0.0.1:1");
  assert.deepEqual([good.status, good.headers.get("access-control-allow-origin"), good.headers.get("access-control-allow-credentials")], [204, known, null]);
  assert.deepEqual([bad.status, bad.headers.get("access-control-allow-origin")], [405, null]);
});
