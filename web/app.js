// SPDX-License-Identifier: Apache-2.0
// One live page over the read-only API. Bars are plain SVG: the page needs nothing but this file.
"use strict";

const EVERY_MS = 5000;
const MOST_BARS = 40;
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

async function get(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(path + ": " + answer.status);
  return answer.json();
}

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return Math.round(seconds) + " 秒";
  if (seconds < 5400) return Math.round(seconds / 60) + " 分钟";
  if (seconds < 172800) return (seconds / 3600).toFixed(1) + " 小时";
  return (seconds / 86400).toFixed(1) + " 天";
}

const percent = (rate) => (rate === null || rate === undefined ? "无数据" : (rate * 100).toFixed(1) + "%");
const unitName = (unit) => unit || "(未派单)";

// rows: {label, value, wide, text}; value and wide are shares of the full width, 0..1.
function draw(place, rows) {
  const height = 26, label = 190, width = 1000, text = 230;
  const picture = element("svg", { viewBox: `0 0 ${width} ${Math.max(1, rows.length) * height}`, role: "img" });
  const full = width - label - text;
  rows.forEach((row, i) => {
    const y = i * height;
    picture.append(element("text", { x: 0, y: y + 18 }, row.label));
    picture.append(element("rect", { x: label, y: y + 5, width: full, height: 16, class: "back" }));
    if (row.wide) picture.append(element("rect", { x: label, y: y + 5, width: full * row.wide, height: 16, class: "wide" }));
    picture.append(element("rect", { x: label, y: y + 5, width: full * (row.value || 0), height: 16, class: "bar" }));
    picture.append(element("text", { x: label + full + 10, y: y + 18, class: "value" }, row.text));
  });
  if (!rows.length) picture.append(element("text", { x: 0, y: 18 }, "暂无数据"));
  place.replaceChildren(picture);
}

function drawRates(rows) {
  const sorted = rows.slice().sort((a, b) => b.opened - a.opened).slice(0, MOST_BARS);
  draw(byId("rates"), sorted.map((row) => ({
    label: unitName(row.unit), value: row.rate,
    text: `${percent(row.rate)}  ${row.closed} / ${row.opened}` })));
}

function drawTimes(rows) {
  const some = rows.filter((row) => row.contact_n > 0).sort((a, b) => b.contact_n - a.contact_n).slice(0, MOST_BARS);
  const most = Math.max(1, ...some.map((row) => row.contact_p90_seconds));
  draw(byId("times"), some.map((row) => ({
    label: unitName(row.unit), value: row.contact_p50_seconds / most, wide: row.contact_p90_seconds / most,
    text: `${duration(row.contact_p50_seconds)} · ${duration(row.contact_p90_seconds)} (${row.contact_n})` })));
}

const dayOf = (ms) => new Date(ms + 8 * 3600000).toISOString().slice(0, 10);

async function refresh() {
  const clock = await get("api/clock");
  const now = clock.now || Date.now();
  const day = dayOf(now);
  const [today, all, rates, times] = await Promise.all([
    get(`api/views/closure_rate?from=${day}&to=${day}`), get("api/views/closure_rate"),
    get("api/views/closure_rate?by=unit"), get("api/views/response_time?by=unit")]);
  const one = today.rows[0] || {}, total = all.rows[0] || {};
  byId("clock").textContent = clock.now ? new Date(now).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai" }) : "尚未走时";
  byId("today").textContent = one.opened || 0;
  byId("closed").textContent = one.closed_in || 0;
  byId("opened").textContent = total.opened || 0;
  byId("rate").textContent = percent(total.rate);
  drawRates(rates.rows);
  drawTimes(times.rows);
}

async function live() {
  const state = byId("state");
  try {
    await refresh();
    state.textContent = "";
    state.className = "";
  } catch (error) {
    state.textContent = "数据暂不可用,稍后重试";
    state.className = "bad";
  }
  setTimeout(live, EVERY_MS);
}

live();
