// SPDX-License-Identifier: Apache-2.0
// What each picture looks like, as ECharts wants it said. Each is a function of the palette.
import { splitLine, tooltip } from "./chart.js";
import { duration, percent } from "./format.js";
import { t } from "./words.js";

export const FEW = 5; // a median of fewer is drawn pale
const ROW = 22; // pixels of a bar with its gap
export const barsHeight = (rows) => rows.length * ROW + 34;
const two = (n) => String(n).padStart(2, "0");

// hours: 24 rows {hour, opened, closed_in, before}; the hours after `last` have not come yet, and `last` is not over: its bar is pale, and
// the line ends before it instead of falling.
export const inflowPicture = (hours, last) => (colours) => ({
  grid: { left: 4, right: 8, top: 14, bottom: 2, containLabel: true },
  tooltip: tooltip(colours, (rows) => `${rows[0].axisValue}:00 – ${rows[0].axisValue}:59\n`
    + rows.map((row) => `${row.seriesName} ${row.value ?? "–"}`).join("\n")),
  xAxis: { type: "category", data: hours.map((row) => two(row.hour)), axisTick: { show: false }, axisLine: splitLine(colours), axisLabel: { color: colours.soft } },
  yAxis: { type: "value", minInterval: 1, splitLine: splitLine(colours), axisLabel: { color: colours.soft } },
  series: [
    { name: t("opened"), type: "bar", data: hours.map((row) => (row.hour > last ? null : { value: row.opened, itemStyle: { opacity: row.hour === last ? 0.5 : 1 } })), barMaxWidth: 26,
      itemStyle: { color: colours.in, borderRadius: [3, 3, 0, 0] } },
    { name: t("closed"), type: "line", symbol: "diamond", symbolSize: 8, data: hours.map((row) => (row.hour >= last ? null : row.closed_in)),
      lineStyle: { width: 2.5, color: colours.out }, itemStyle: { color: colours.out } },
    { name: t("yesterday_opened"), type: "line", step: "middle", symbol: "none", data: hours.map((row) => row.before),
      lineStyle: { width: 1.5, type: "dashed", color: colours.soft }, itemStyle: { color: colours.soft } }],
});

const isNarrow = (id) => (document.getElementById(id)?.clientWidth || 600) < 430;

function bars(colours, id, rows, more, right = 118) {
  const narrow = isNarrow(id);
  return {
    grid: { left: narrow ? 100 : 136, right: narrow ? right - 26 : right, top: 22, bottom: 4 },
    yAxis: { type: "category", inverse: true, data: rows.map((row) => row.label), axisTick: { show: false }, axisLine: splitLine(colours),
      axisLabel: { interval: 0, width: narrow ? 92 : 128, overflow: "truncate", color: colours.ink, fontSize: 12 } },
    ...more };
}

// Texts behind the end of the scale, so that they stand in one column.
const labels = (colours, rows, at, text) => ({
  type: "scatter", silent: true, symbolSize: 0.01, data: rows.map((_, n) => [at, n]),
  label: { show: true, position: "right", color: colours.soft, fontSize: 11.5, formatter: (dot) => text(rows[dot.dataIndex]) } });

const tierColour = (colours, rate) => (rate >= 0.9 ? colours.good : rate >= 0.7 ? colours.fair : colours.poor);

// rows: {label, name, rate, part, whole}
export const ratesPicture = (id, rows, word) => (colours) => bars(colours, id, rows, {
  tooltip: tooltip(colours, ([row]) => `${rows[row.dataIndex].name}\n${word} ${percent(rows[row.dataIndex].rate)}\n${rows[row.dataIndex].part} / ${rows[row.dataIndex].whole}`),
  xAxis: { type: "value", min: 0, max: 1, interval: isNarrow(id) ? 0.5 : 0.25, position: "top", splitLine: splitLine(colours),
    axisLabel: { formatter: (v) => `${Math.round(v * 100)}%`, color: colours.soft, fontSize: 11 } },
  series: [{ type: "bar", barWidth: 12, data: rows.map((row) => ({ value: row.rate, itemStyle: { color: tierColour(colours, row.rate) } })),
    itemStyle: { borderRadius: [0, 3, 3, 0] }, showBackground: true, backgroundStyle: { color: colours.track } },
  labels(colours, rows, 1, (row) => `${percent(row.rate)}  ${row.part}/${row.whole}`)],
});

// rows: {label, name, value}; words: a value as the table has it
export const valuesPicture = (id, rows, title, words) => (colours) => bars(colours, id, rows, {
  tooltip: tooltip(colours, ([row]) => `${rows[row.dataIndex].name}\n${title} ${words(rows[row.dataIndex].value)}`),
  xAxis: { type: "value", min: 0, position: "top", splitNumber: isNarrow(id) ? 2 : 5, splitLine: splitLine(colours), axisLabel: { formatter: words, color: colours.soft, fontSize: 11, hideOverlap: true } },
  series: [{ type: "bar", barWidth: 12, data: rows.map((row) => row.value), itemStyle: { color: colours.in, borderRadius: [0, 3, 3, 0] },
    label: { show: true, position: "right", color: colours.soft, fontSize: 11.5, formatter: (one) => words(one.value) } }],
});

// The same, one beside the other as days are; without a value there is a gap.
export const stepsPicture = (rows, title, words) => (colours) => ({
  grid: { left: 4, right: 12, top: 14, bottom: 2, containLabel: true },
  tooltip: tooltip(colours, ([row]) => `${rows[row.dataIndex].name}\n${title} ${words(rows[row.dataIndex].value)}`),
  xAxis: { type: "category", data: rows.map((row) => row.label), axisTick: { show: false }, axisLine: splitLine(colours), axisLabel: { color: colours.soft, hideOverlap: true } },
  yAxis: { type: "value", min: 0, splitNumber: 4, splitLine: splitLine(colours), axisLabel: { color: colours.soft, formatter: words } },
  series: [{ type: "bar", data: rows.map((row) => row.value), barMaxWidth: 26, itemStyle: { color: colours.in, borderRadius: [3, 3, 0, 0] } }],
});

// A step that people count in, at most five of them up to `most`.
function stepOf(most) {
  const steps = [10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000];
  return steps.find((step) => most <= step * 5) || Math.ceil(most / 5 / 864000) * 864000;
}

const axisTime = (v) => (v ? duration(v).replace(".0", "") : "0");
const topOf = (values) => {
  const most = Math.max(1, ...values), step = stepOf(most);
  return { step, max: Math.max(1, Math.ceil(most / step)) * step };
};

// rows: {label, name, p50, p90, n}
export const timesPicture = (id, rows) => (colours) => {
  const { step, max } = topOf(rows.map((row) => row.p90));
  const of = (key) => rows.map((row) => ({ value: row[key], itemStyle: { opacity: row.n < FEW ? 0.35 : 1 } }));
  return bars(colours, id, rows, {
    tooltip: tooltip(colours, ([row]) => `${rows[row.dataIndex].name}\n${t("median")} ${duration(rows[row.dataIndex].p50)}\n`
      + `${t("p90")} ${duration(rows[row.dataIndex].p90)}\n${t("cases", { n: rows[row.dataIndex].n })}`),
    xAxis: { type: "value", min: 0, max, position: "top", splitLine: splitLine(colours), interval: isNarrow(id) ? max / 2 : step,
      axisLabel: { formatter: axisTime, color: colours.soft, fontSize: 11, hideOverlap: true } },
    series: [
      { type: "bar", barWidth: 12, data: of("p90"), itemStyle: { color: colours.most, borderRadius: [0, 3, 3, 0] } },
      { type: "bar", barWidth: 12, barGap: "-100%", data: of("p50"), itemStyle: { color: colours.in, borderRadius: [0, 3, 3, 0] }, z: 3 },
      labels(colours, rows, max, (row) => `${duration(row.p50)} · ${duration(row.p90)} · ${t("n_of", { n: row.n.toLocaleString("en-US") })}`)],
  }, 178);
};

// days: {day, p50, p90, n}; a day without any is a gap, never a zero.
export const trendPicture = (days) => (colours) => {
  const { step, max } = topOf(days.flatMap((row) => [row.p50 || 0, row.p90 || 0]));
  const line = (name, what, colour, more) => ({ name, type: "line", data: days.map((row) => row[what] ?? null), symbolSize: 6, lineStyle: { width: 2.5, color: colour },
    itemStyle: { color: colour }, connectNulls: false, showSymbol: true, ...more });
  return {
    grid: { left: 4, right: 12, top: 14, bottom: 2, containLabel: true },
    tooltip: tooltip(colours, (rows) => `${rows[0].axisValue}\n${rows.map((row) => `${row.seriesName} ${duration(row.value)}`).join("\n")}\n`
      + t("cases", { n: days[rows[0].dataIndex].n || 0 })),
    xAxis: { type: "category", data: days.map((row) => row.day.slice(5)), axisTick: { show: false }, axisLine: splitLine(colours), axisLabel: { color: colours.soft } },
    yAxis: { type: "value", min: 0, max, interval: step, splitLine: splitLine(colours), axisLabel: { color: colours.soft, formatter: axisTime } },
    series: [line(t("p90"), "p90", colours.out, { symbol: "diamond" }), line(t("median"), "p50", colours.in, { symbol: "circle" })],
  };
};
