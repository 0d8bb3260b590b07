// SPDX-License-Identifier: Apache-2.0
// How long things take: by day, by unit or by where they happened; half of them within the median, nine of ten within p90.
import { perhaps, rowsOf } from "./api.js";
import { NOT_DONE } from "./case_rows.js";
import { draw as drawChart, figure, mark } from "./chart.js";
import { bar, choice, rangeChoice, typeChoice } from "./control.js";
import { daysOf, shift } from "./days.js";
import { make } from "./dom.js";
import { duration, whole } from "./format.js";
import { langOfNames, placeName, shortName, typesAsked, unitKind, unitName } from "./names.js";
import { barsHeight, FEW, timesPicture, trendPicture } from "./picture.js";
import { viewAddress } from "./state.js";
import { table } from "./table.js";
import { t } from "./words.js";

const MEASURES = ["contact", "sign", "handle", "full", "dispatch"];
const GROUPS = ["unit", "street_code"];
const TREND_DAYS = 30;

const measureOf = (state) => (MEASURES.includes(state.measure) ? state.measure : "contact");
const groupOf = (state) => (GROUPS.includes(state.group) ? state.group : "unit");
const nameOf = { unit: unitName, street_code: placeName };

export async function ask(state, clock) {
  const days = daysOf(state, clock.day), type = typesAsked(state.type);
  const last = days.to || clock.day, first = days.from && days.from < shift(last, 1 - TREND_DAYS) ? days.from : shift(last, 1 - TREND_DAYS);
  const [rows, trend, came] = await Promise.all([rowsOf("response_time", { ...days, ...type, by: groupOf(state) }),
    perhaps(rowsOf("response_time", { from: first, to: last, ...type, by: "day" }), []), perhaps(rowsOf("closure_rate", { ...days, ...type, by: groupOf(state) }), [])]);
  return { days, rows, trend, opened: new Map(came.map((row) => [row[groupOf(state)], row.opened])) };
}

const valuesOf = (row, measure) => ({ n: row[`${measure}_n`], p50: row[`${measure}_p50_seconds`], p90: row[`${measure}_p90_seconds`] });

// Who has orders of these days and none that came so far is the slowest perhaps: last, without a time, but there.
function barsOf({ rows, opened }, state) {
  const group = groupOf(state), timed = new Map(rows.map((row) => [row[group], row]));
  return [...new Set([...timed.keys(), ...opened.keys()])]
    .map((code) => ({ ...valuesOf(timed.get(code) || {}, measureOf(state)), opened: opened.get(code) ?? null, code, name: nameOf[group](code) }))
    .filter((row) => row.n > 0 || row.opened > 0).map((row) => ({ ...row, label: shortName(row.name) }))
    .sort((a, b) => Boolean(b.n) - Boolean(a.n) || b.p50 - a.p50 || b.p90 - a.p90 || b.opened - a.opened); // the slowest first
}

const drawable = (rows) => rows.filter((row) => row.n > 0);

const trendOf = ({ trend }, state) => trend.filter((row) => row.day).map((row) => ({ day: row.day, ...valuesOf(row, measureOf(state)) }));

// By units in two columns, streets and the others; by place in one.
function panels(data, state) {
  const rows = barsOf(data, state);
  if (groupOf(state) === "street_code") return [["times_place", t("times_place"), rows]];
  const isStreet = (row) => unitKind(row.code) === "street";
  return [["times_street", t("times_street"), rows.filter(isStreet)], ["times_other", t("times_other"), rows.filter((row) => !isStreet(row))]];
}

const legend = () => [mark("in", t("median")), mark("most", t("p90"))];

// Who is slow has cases: those that are not done yet, the most urgent first.
const open = (row, state) => viewAddress("cases", { [groupOf(state) === "unit" ? "unit" : "street"]: row.code, kind: "request", type: state.type, state: NOT_DONE, order: "due", from: "", to: "" });

// What came in these days, with what is timed among it; of a place, for who leads now need not have led then.
const came = (row, state, { from, to }) => (groupOf(state) === "street_code" && row.code && row.opened && from && to
  ? make("a", { href: viewAddress("cases", { street: row.code, kind: "request", type: state.type, from, to }) }, whole(row.opened)) : whole(row.opened));

function timeTable(id, caption, rows, state, what, days) {
  return table({ id, caption, state, rows, keyOf: (row) => row.code || row.day, columns: [
    { key: what, title: t(what === "day" ? "day" : groupOf(state) === "unit" ? "unit" : "street"),
      cell: (row) => (row.code ? make("a", { href: open(row, state), lang: langOfNames() }, row[what]) : make("span", { lang: what === "day" ? null : langOfNames() }, row[what])) },
    ...(what === "day" ? [] : [{ key: "opened", title: t("opened"), kind: "number", cell: (row) => came(row, state, days) }]),
    { key: "n", title: t("n_timed"), kind: "number", cell: (row) => whole(row.n || 0) },
    { key: "p50", title: t("median"), kind: "number", cell: (row) => duration(row.p50) },
    { key: "p90", title: t("p90"), kind: "number", cell: (row) => duration(row.p90) }] });
}

export const title = () => t("v_times");

export function draw(state, data) {
  const measure = measureOf(state), trend = trendOf(data, state);
  return [bar(
    choice(t("measure"), MEASURES.map((one) => [one, t(`m_${one}`)]), measure, (one) => ({ measure: one, sort: "" })),
    choice(t("group"), GROUPS.map((one) => [one, t(`group_${one}`)]), groupOf(state), (one) => ({ group: one, sort: "" })),
    rangeChoice(state, data.days), typeChoice(state)),
  figure({ id: "trend", title: `${t(`m_${measure}`)} · ${t("trend")}`, height: 220, rows: trend.length, legend: [mark("in line", t("median")), mark("out line", t("p90"))],
    note: [t(`means_${measure}`), t("approximate")].join(" · "), body: timeTable("trend_rows", t("trend"), trend, state, "day") }),
  make("div", { class: groupOf(state) === "unit" ? "pair" : null }, panels(data, state).map(([id, title_, rows]) => figure({ id, title: `${title_} · ${t("slowest_first")}`, height: barsHeight(drawable(rows)), rows: drawable(rows).length,
    legend: legend(), note: [drawable(rows).length > 0 && t("n_behind", { few: FEW }), t("approximate"), rows.length > drawable(rows).length && t("untimed", { n: rows.length - drawable(rows).length })].filter(Boolean).join(" · "), body: timeTable(`${id}_rows`, title_, rows, state, "name", data.days) })))];
}

export function after(state, data) {
  drawChart("trend", trendPicture(trendOf(data, state)));
  for (const [id, , rows] of panels(data, state).map(([one, title_, all]) => [one, title_, drawable(all)])) if (rows.length) drawChart(id, timesPicture(id, rows), barsHeight(rows));
}
