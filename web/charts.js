// SPDX-License-Identifier: Apache-2.0
// The pictures. Everything they show stands in the tables too, so the page works without ECharts.
"use strict";

const ROW = 22; // pixels of a bar with its gap
const COLOUR = { in: "#2f6fb2", out: "#e08a2c", most: "#a9c8e8", line: "#dde4ec", soft: "#5d6b7a", ink: "#16202c" };
const TIERS = [[0.9, "#2a8c5a"], [0.7, "#2f6fb2"], [0, "#c8642b"]]; // closure rates: tiers before ranks
const FONT = '"Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif';
const drawn = new Map(); // element's id -> chart

const hasCharts = () => typeof echarts !== "undefined";

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.round(seconds)} 秒`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} 分`;
  if (seconds < 172800) return `${(seconds / 3600).toFixed(1)} 时`;
  return `${(seconds / 86400).toFixed(1)} 天`;
}

const percent = (rate) => (rate === null || rate === undefined ? "无数据" : `${(rate * 100).toFixed(1)}%`);
const tier = (rate) => TIERS.find(([from]) => rate >= from)[1];

function chart(id, option, height) {
  const place = document.getElementById(id);
  place.hidden = false;
  if (height) place.style.height = `${height}px`;
  if (!drawn.has(id)) drawn.set(id, echarts.init(place, null, { renderer: "canvas" }));
  const picture = drawn.get(id);
  picture.resize();
  picture.setOption({ animation: false, textStyle: { fontFamily: FONT, color: COLOUR.ink }, ...option }, true);
}

function erase(id) {
  if (drawn.has(id)) drawn.get(id).dispose();
  drawn.delete(id);
  document.getElementById(id).hidden = true;
}

// The page's policy allows no styles in markup, so tooltips are drawn, not written.
const tooltip = (formatter) => ({
  trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: "shadow" }, formatter,
  backgroundColor: "#fff", borderColor: COLOUR.line, textStyle: { fontFamily: FONT, fontSize: 13, color: COLOUR.ink } });

const splitLine = { lineStyle: { color: COLOUR.line } };

// hours: 24 rows {hour, opened, closed_in}; the hours after `last` have not come yet.
function drawInflow(hours, last) {
  const seen = (value, hour) => (hour > last ? null : value);
  chart("inflow", {
    grid: { left: 8, right: 8, top: 16, bottom: 4, containLabel: true },
    tooltip: tooltip((rows) => `${rows[0].axisValue}:00 – ${rows[0].axisValue}:59\n`
      + rows.map((row) => `${row.seriesName} ${row.value ?? "–"}`).join("\n")),
    xAxis: { type: "category", data: hours.map((row) => String(row.hour).padStart(2, "0")), axisTick: { show: false },
      axisLine: splitLine, axisLabel: { color: COLOUR.soft } },
    yAxis: { type: "value", minInterval: 1, splitLine, axisLabel: { color: COLOUR.soft } },
    series: [
      { name: "受理", type: "bar", data: hours.map((row) => seen(row.opened, row.hour)), barMaxWidth: 30,
        itemStyle: { color: COLOUR.in, borderRadius: [3, 3, 0, 0] } },
      { name: "办结", type: "line", data: hours.map((row) => seen(row.closed_in, row.hour)), symbolSize: 6,
        lineStyle: { width: 2.5 }, itemStyle: { color: COLOUR.out } }],
  });
}

const isNarrow = (id) => document.getElementById(id).parentElement.clientWidth < 450;

function bars(id, rows, more) {
  const narrow = isNarrow(id);
  chart(id, {
    grid: { left: narrow ? 108 : 160, right: narrow ? 92 : 120, top: 22, bottom: 4 },
    yAxis: { type: "category", inverse: true, data: rows.map((row) => row.label), axisTick: { show: false }, axisLine: splitLine,
      axisLabel: { interval: 0, width: narrow ? 98 : 150, overflow: "truncate", color: COLOUR.ink, fontSize: 12 } },
    ...more }, rows.length * ROW + 34);
}

// Texts behind the end of the scale, so that they stand in one column.
const labels = (rows, at, text) => ({
  type: "scatter", silent: true, symbolSize: 0.01, data: rows.map((row, i) => [at, i]),
  label: { show: true, position: "right", color: COLOUR.soft, fontSize: 11, formatter: (dot) => text(rows[dot.dataIndex]) } });

// rows: {label, name, rate, opened, closed}
function drawRates(id, rows) {
  bars(id, rows, {
    tooltip: tooltip(([row]) => `${rows[row.dataIndex].name}\n办结率 ${percent(rows[row.dataIndex].rate)}\n`
      + `办结 ${rows[row.dataIndex].closed} / 受理 ${rows[row.dataIndex].opened}`),
    xAxis: { type: "value", min: 0, max: 1, interval: isNarrow(id) ? 0.5 : 0.2, position: "top", splitLine,
      axisLabel: { formatter: (v) => `${Math.round(v * 100)}%`, color: COLOUR.soft, fontSize: 11 } },
    series: [{ type: "bar", barWidth: 13, data: rows.map((row) => ({ value: row.rate, itemStyle: { color: tier(row.rate) } })),
      itemStyle: { borderRadius: [0, 3, 3, 0] }, showBackground: true, backgroundStyle: { color: "#eef2f6" } },
    labels(rows, 1, (row) => `${percent(row.rate)}  ${row.closed}/${row.opened}`)],
  });
}

// A step that people count in, at most five of them up to `most`.
function stepOf(most) {
  const steps = [10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000];
  return steps.find((step) => most <= step * 5) || Math.ceil(most / 5 / 864000) * 864000;
}

// rows: {label, name, p50, p90, n}
function drawTimes(id, rows) {
  const step = stepOf(Math.max(...rows.map((row) => row.p90)));
  const most = Math.max(1, Math.ceil(Math.max(...rows.map((row) => row.p90)) / step)) * step;
  bars(id, rows, {
    tooltip: tooltip(([row]) => `${rows[row.dataIndex].name}\n中位数 ${duration(rows[row.dataIndex].p50)}\n`
      + `九成 ${duration(rows[row.dataIndex].p90)}\n${rows[row.dataIndex].n} 件`),
    xAxis: { type: "value", min: 0, max: most, position: "top", splitLine, interval: isNarrow(id) ? most / 2 : step,
      axisLabel: { formatter: (v) => (v ? duration(v).replace(".0", "") : "0"), color: COLOUR.soft, fontSize: 11, hideOverlap: true } },
    series: [
      { type: "bar", barWidth: 13, data: rows.map((row) => row.p90), itemStyle: { color: COLOUR.most, borderRadius: [0, 3, 3, 0] } },
      { type: "bar", barWidth: 13, barGap: "-100%", data: rows.map((row) => row.p50), itemStyle: { color: COLOUR.in, borderRadius: [0, 3, 3, 0] }, z: 3 },
      labels(rows, most, (row) => `${duration(row.p50)} · ${duration(row.p90)}`)],
  });
}
