// SPDX-License-Identifier: Apache-2.0
// One live page over the read-only API: asks every few seconds, fills the numbers and tables, and has the
// pictures drawn from the same rows. "Today" and "now" are those of the newest tick, never of this computer.
"use strict";

const EVERY_MS = 5000;
const OLD_MS = 120000; // ticks come every 30 s
const RANGES = { today: ["今日", 0], week: ["近 7 日", 6], month: ["近 30 日", 29], all: ["全部", null] };
const MEASURES = { contact: "首次联系", full: "全程", dispatch: "派单", sign: "签收", handle: "办理" };
const chosen = { range: "today", measure: "contact", ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) };
const byId = (id) => document.getElementById(id);
let units = null; // code -> {name, kind}
let busy = false;
let newest = null; // answers
let width = 0;

async function get(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

const rowsOf = async (view, query) => (await get(`api/views/${view}?${new URLSearchParams(query)}`)).rows;

function say(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

const whole = (n) => Number(n || 0).toLocaleString("zh-CN");

function shift(day, days) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86400000).toISOString().slice(0, 10);
}

function rangeOf(day) {
  const days = RANGES[chosen.range][1];
  return days === null ? {} : { from: shift(day, -days), to: day };
}

function nameOf(code) {
  return code === "" ? "(未派单)" : units.get(code)?.name || code;
}

const shorten = (name) => name.replace(/办事处$/, "").replace(/[((].*[))]$/, "");
const isStreet = (row) => units.get(row.unit)?.kind === "street";

function table(id, heads, rows) {
  const made = document.createElement("table");
  const add = (cells, kind) => {
    const line = made.insertRow();
    for (const cell of cells) line.append(Object.assign(document.createElement(kind), { textContent: cell }));
  };
  add(heads, "th");
  rows.forEach((row) => add(row, "td"));
  byId(id).replaceChildren(rows.length ? made : Object.assign(document.createElement("p"), { className: "none", textContent: "暂无数据 no data" }));
}

// The picture where there is something to draw and something to draw it with.
function picture(id, rows, draw) {
  if (hasCharts() && rows.length) draw();
  else erase(id);
  byId(id).parentElement.querySelector("details").open ||= !hasCharts() || !rows.length;
}

function showClock(clock) {
  const known = clock.now > 0;
  const at = new Date(clock.now + clock.zone_minutes * 60000).toISOString();
  say("clock", known ? `${at.slice(0, 10)} ${at.slice(11, 19)}` : "尚未走时");
  const age = Math.max(0, clock.age_ms || 0) / 1000;
  say("age", known ? `${duration(age)}前 · ${Math.round(EVERY_MS / 1000)} 秒刷新一次` : "等待第一个时刻 waiting for the first tick");
  const bad = [];
  if (!known) bad.push("系统时钟尚未走时:数字可能不全 · The clock has not ticked yet");
  else if (clock.age_ms > OLD_MS)
    bad.push(`数据已停在 ${at.slice(0, 10)} ${at.slice(11, 19)}(${duration(age)}前):请检查 ingest · The clock stands still: these numbers are old`);
  const soft = hasCharts() ? [] : ["图表组件未安装,下面以表格显示:运行 make deps 后重启 aggregator · Charts are not installed; tables instead"];
  notice([...bad, ...soft].join("\n"), bad.length ? "" : "soft");
}

function notice(text, kind) {
  say("notice", text);
  byId("notice").className = kind;
  byId("notice").hidden = !text;
}

function showNumbers(today, times, total) {
  say("today", whole(today.opened));
  say("closed", whole(today.closed_in));
  say("rate", percent(today.opened ? today.rate : null));
  say("p50", duration(times.full_p50_seconds));
  say("p90", duration(times.full_p90_seconds));
  say("contact", duration(times.contact_p50_seconds));
  say("contact90", duration(times.contact_p90_seconds));
  say("today_note", `未办结 ${whole(today.opened - today.closed || 0)} 件`);
  say("opened", whole(total.opened));
  say("all_rate", percent(total.rate));
}

function showInflow(rows, clock) {
  const last = new Date(clock.now + clock.zone_minutes * 60000).getUTCHours();
  const hours = [...Array(24).keys()].map((hour) => ({ hour, opened: 0, closed_in: 0, ...rows.find((row) => row.hour === hour) }));
  picture("inflow", hours, () => drawInflow(hours, last));
  table("inflow_table", ["时段", "受理", "办结"], hours.filter((row) => row.hour <= last)
    .map((row) => [`${String(row.hour).padStart(2, "0")}:00`, row.opened, row.closed_in]));
}

function showRates(id, rows) {
  const some = rows.filter((row) => row.opened > 0).sort((a, b) => b.rate - a.rate || b.opened - a.opened)
    .map((row) => ({ ...row, name: nameOf(row.unit), label: shorten(nameOf(row.unit)) }));
  picture(id, some, () => drawRates(id, some));
  table(`${id}_table`, ["单位", "受理", "办结", "办结率"], some.map((row) => [row.name, row.opened, row.closed, percent(row.rate)]));
}

function showTimes(id, rows) {
  const value = (row, what) => row[`${chosen.measure}_${what}`];
  const some = rows.filter((row) => value(row, "n") > 0)
    .map((row) => ({ name: nameOf(row.unit), label: shorten(nameOf(row.unit)), n: value(row, "n"),
      p50: value(row, "p50_seconds"), p90: value(row, "p90_seconds") }))
    .sort((a, b) => a.p50 - b.p50 || a.p90 - b.p90);
  picture(id, some, () => drawTimes(id, some));
  table(`${id}_table`, ["单位", "件数", "中位数", "九成"], some.map((row) => [row.name, row.n, duration(row.p50), duration(row.p90)]));
}

async function ask() {
  units ||= new Map((await get("api/units")).units.map((unit) => [unit.unit, unit]));
  const clock = await get("api/clock");
  const today = { from: clock.day, to: clock.day }, range = rangeOf(clock.day);
  const [[one = {}], [times = {}], [total = {}], flow, rates, spans] = await Promise.all([
    rowsOf("closure_rate", today), rowsOf("response_time", today), rowsOf("closure_rate", {}), rowsOf("inflow", { ...today, by: "hour" }),
    rowsOf("closure_rate", { ...range, by: "unit" }), rowsOf("response_time", { ...range, by: "unit" })]);
  return { clock, one, times, total, flow, rates, spans };
}

function show({ clock, one, times, total, flow, rates, spans }) {
  showClock(clock);
  showNumbers(one, times, total);
  showInflow(flow, clock);
  showRates("rates_street", rates.filter(isStreet));
  showRates("rates_other", rates.filter((row) => !isStreet(row)));
  showTimes("times_street", spans.filter(isStreet));
  showTimes("times_other", spans.filter((row) => !isStreet(row)));
  document.body.dataset.drawn = clock.now; // told to whoever waits for the page
}

async function once() {
  if (busy) return;
  busy = true;
  try {
    newest = await ask();
    show(newest);
  } catch (error) {
    notice("数据暂不可用,稍后自动重试 · The numbers cannot be read now; trying again", "");
    console.warn(String(error));
  }
  busy = false;
}

function buttons(id, what, options, textOf) {
  byId(id).replaceChildren(...Object.entries(options).map(([key, option]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: textOf(option) });
    button.setAttribute("aria-pressed", chosen[what] === key);
    button.onclick = () => {
      chosen[what] = key;
      history.replaceState(null, "", `#${new URLSearchParams(chosen)}`);
      choices();
      once();
    };
    return button;
  }));
}

function choices() {
  if (!RANGES[chosen.range]) chosen.range = "today";
  if (!MEASURES[chosen.measure]) chosen.measure = "contact";
  buttons("ranges", "range", RANGES, (option) => option[0]);
  buttons("measures", "measure", MEASURES, (option) => option);
}

choices();
once();
setInterval(once, EVERY_MS);
new ResizeObserver(() => {
  if (width === document.body.clientWidth) return;
  width = document.body.clientWidth;
  if (newest) show(newest);
}).observe(document.body);
