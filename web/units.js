// SPDX-License-Identifier: Apache-2.0
// Who closes what, and in time. Tiers before ranks: within a tier the order is the registry's, not a race.
import { perhaps, rowsOf } from "./api.js";
import { NOT_CLOSED } from "./case_rows.js";
import { didAddress } from "./cases.js";
import { draw as drawChart, figure, mark } from "./chart.js";
import { bar, rangeChoice, typeChoice } from "./control.js";
import { daysBefore, daysOf } from "./days.js";
import { make } from "./dom.js";
import { isNothing, percent, whole } from "./format.js";
import { hasColumn, langOfNames, shortName, typesAsked, unitKind, unitName } from "./names.js";
import { barsHeight, ratesPicture } from "./picture.js";
import { viewAddress } from "./state.js";
import { table } from "./table.js";
import { t } from "./words.js";

export const TIERS = [["good", 0.9, "▲"], ["fair", 0.7, "◆"], ["poor", 0, "▼"]];
export const tierOf = (rate) => (isNothing(rate) ? ["none", null, "○"] : TIERS.find(([, from]) => rate >= from));

export async function ask(state, clock) {
  const days = daysOf(state, clock.day), types = typesAsked(state.type), query = { ...days, by: "unit", ...types };
  const before = daysBefore(state, clock.day), past = before && { ...query, ...before };
  const [closed, timely, stock, late, closed_before, timely_before, returned] = await Promise.all([rowsOf("closure_rate", query), perhaps(rowsOf("on_time", query), []),
    perhaps(rowsOf("backlog", { by: "unit", ...types }), []), perhaps(rowsOf("overdue", { by: "unit", ...types }), []),
    past ? perhaps(rowsOf("closure_rate", past), []) : [], past ? perhaps(rowsOf("on_time", past), []) : [],
    state.type ? null : perhaps(rowsOf("dispute", { ...days, by: "unit" }), null)]); // disputes are counted by rule, not by type
  return { days, before, hasReturns: Boolean(returned), rows: join(closed, timely, stock, late, closed_before, timely_before, returned || []) };
}

const NOTHING = { opened: 0, closed: 0, rate: null, due: 0, on_time: 0, timely: null, open: 0, overdue: 0, opened_before: 0, closed_before: 0, due_before: 0, on_time_before: 0, disputed: 0, returned: 0 };

// A district may keep disputes by their rows alone: then nobody knows how many were upheld in these days.
function join(closed, timely, stock, late, closed_before, timely_before, returned) {
  const rows = new Map(), nothing = { ...NOTHING, upheld_in: hasColumn("dispute", "upheld_in") || returned.some((row) => "upheld_in" in row) ? 0 : null };
  const of = (unit) => rows.get(unit) || rows.set(unit, { unit, ...nothing }).get(unit);
  for (const row of closed) Object.assign(of(row.unit), { opened: row.opened, closed: row.closed, rate: row.opened ? row.rate : null });
  for (const row of timely) Object.assign(of(row.unit), { due: row.due, on_time: row.on_time, timely: row.due ? row.rate : null });
  for (const row of stock) of(row.unit).open = row.open;
  for (const row of late) of(row.unit).overdue = row.overdue;
  for (const row of closed_before) Object.assign(of(row.unit), { opened_before: row.opened, closed_before: row.closed });
  for (const row of timely_before) Object.assign(of(row.unit), { due_before: row.due, on_time_before: row.on_time });
  for (const row of returned) Object.assign(of(row.unit), { disputed: row.disputed, returned: row.returned, upheld_in: row.upheld_in ?? null });
  return [...rows.values()].filter((row) => row.opened || row.disputed || row.upheld_in || row.due || row.open || row.overdue || row.opened_before).map((row) => ({ ...row, name: unitName(row.unit) }));
}

const tierMark = (rate) => {
  const [name, , sign] = tierOf(rate);
  return make("span", { class: `tier ${name}` }, make("span", { "aria-hidden": "true" }, `${sign} `), t(`tier_${name}`));
};

// Each tier a line of units, for the eye; the numbers are beneath.
function tiers(rows, key, title) {
  const of = (name) => rows.filter((row) => tierOf(row[key])[0] === name).sort((a, b) => (a.unit < b.unit ? -1 : 1));
  return make("section", { class: "panel", "aria-labelledby": `tiers_${key}` }, make("header", {}, make("h2", { id: `tiers_${key}` }, title)),
    make("dl", { class: "tiers" }, [...TIERS.map(([name]) => name), "none"].map((name) => [of(name), name]).filter(([found]) => found.length).map(([found, name]) =>
      make("div", { class: name }, make("dt", {}, tierMark(name === "none" ? null : TIERS.find(([one]) => one === name)[1]), make("span", { class: "count" }, t("units_n", { n: found.length }))),
        make("dd", {}, found.map((row) => make("a", { href: viewAddress("cases", { kind: "request", unit: row.unit, state: NOT_CLOSED, from: "", to: "" }), class: "chip", lang: langOfNames(), title: `${row.name} ${percent(row[key])}` },
          shortName(row.name), make("b", {}, isNothing(row[key]) ? "" : percent(row[key])))))))));
}

function panels(rows) {
  const isStreet = (row) => unitKind(row.unit) === "street";
  const some = rows.filter((row) => row.opened > 0).sort((a, b) => b.rate - a.rate || b.opened - a.opened)
    .map((row) => ({ ...row, label: shortName(row.name), part: row.closed, whole: row.opened }));
  return [["rates_street", t("rates_street"), some.filter(isStreet)], ["rates_other", t("rates_other"), some.filter((row) => !isStreet(row))]];
}

const rateTable = (id, caption, rows, state) => table({ id: `${id}_rows`, caption, state, rows, keyOf: (row) => row.unit || "none", columns: [
  { key: "name", title: t("unit"), cell: (row) => make("span", { lang: langOfNames() }, row.name) },
  { key: "opened", title: t("opened"), kind: "number" }, { key: "closed", title: t("closed"), kind: "number" },
  { key: "rate", title: t("rate"), kind: "number", cell: (row) => percent(row.rate) }] });

// What the days before had, and by how many points it is more or less now.
function beforeCell(row, part, of, now) {
  if (!row[of]) return percent(null);
  const rate = row[part] / row[of], points = isNothing(now) ? null : (now - rate) * 100;
  return [percent(rate), " ", make("span", { class: "soft" }, `${row[part]}/${row[of]}`),
    points === null ? null : make("span", { class: `points ${points > 0.05 ? "" : points < -0.05 ? "less" : "soft"}` }, points > 0.05 ? `▲ +${points.toFixed(1)}` : points < -0.05 ? `▼ ${points.toFixed(1)}` : "=")];
}

// Who has cases that are not closed, or late, has those listed that the number counts.
function listed(row, key, state, words) {
  if (!row.unit || !row[key]) return whole(row[key]);
  return make("a", { href: viewAddress("cases", { kind: "request", unit: row.unit, type: state.type, from: "", to: "", ...words }), class: key === "overdue" ? "late" : null }, whole(row[key]));
}

// Who disputes much and rightly is dispatched wrongly; who does and is not right sends work back.
const upheldOf = (row) => (row.disputed ? row.returned / row.disputed : null);

// Who disputed leads the case no more, so only of all units together there is a list of just these.
function upheldCell(row, days) {
  const href = row.sum && row.upheld_in && didAddress("upheld", days);
  return href ? make("a", { href }, whole(row.upheld_in)) : whole(row.upheld_in);
}

function allTable(rows, state, { days, before, hasReturns }) {
  const sum = (key) => rows.reduce((all, row) => all + row[key], 0), count = (key) => ({ key, title: t(key), kind: "number", cell: (row) => whole(row[key]) });
  const rate = (key, part, of) => ({ key, title: t(key), kind: "number", cell: (row) => [percent(row[key]), " ", make("span", { class: "soft" }, `${row[part]}/${row[of]}`)] });
  const foot = { name: t("sum"), opened: sum("opened"), closed: sum("closed"), due: sum("due"), on_time: sum("on_time"), open: sum("open"), overdue: sum("overdue"), disputed: sum("disputed"), returned: sum("returned"), upheld_in: rows.some((row) => !isNothing(row.upheld_in)) ? sum("upheld_in") : null, sum: true };
  foot.rate = foot.opened ? foot.closed / foot.opened : null;
  foot.timely = foot.due ? foot.on_time / foot.due : null;
  for (const key of ["opened_before", "closed_before", "due_before", "on_time_before"]) foot[key] = sum(key);
  const past = (key, part, of, now) => ({ key, title: t(key), kind: "number", value: (row) => (row[of] ? row[part] / row[of] : null), cell: (row) => beforeCell(row, part, of, row[now]) });
  return make("section", { class: "panel", "aria-labelledby": "units_title" }, make("header", {}, make("h2", { id: "units_title" }, t("units_all")), before && make("p", { class: "note", id: "days_before" }, t("held_against", before))),
    table({ id: "units", caption: t("units_all"), state, rows, foot, keyOf: (row) => row.unit || "none", columns: [
      { key: "name", title: t("unit"), cell: (row) => (row.unit ? make("a", { href: viewAddress("cases", { unit: row.unit }), lang: langOfNames() }, row.name) : row.name) },
      { key: "tier", title: t("tier"), fixed: true, cell: (row) => (row.name === t("sum") ? "" : tierMark(row.rate)) },
      count("opened"), rate("rate", "closed", "opened"), ...(before ? [past("rate_before", "closed_before", "opened_before", "rate")] : []),
      rate("timely", "on_time", "due"), ...(before ? [past("timely_before", "on_time_before", "due_before", "timely")] : []), { ...count("open"), cell: (row) => listed(row, "open", state, { state: NOT_CLOSED }) },
      { ...count("overdue"), cell: (row) => listed(row, "overdue", state, { overdue: "yes", order: "due" }) },
      ...(hasReturns ? [{ ...count("upheld_in"), cell: (row) => upheldCell(row, days) }, count("disputed"), count("returned"), { key: "returned_rate", title: t("returned_rate"), kind: "number", value: upheldOf, cell: (row) => (row.disputed ? percent(upheldOf(row)) : "–") }] : [])] }),
    make("p", { class: "note", id: "units_defined" }, [t("units_defined"), t("open_defined"), hasReturns ? t("disputes_defined") : ""].join(" ")));
}

export const title = () => t("v_units");

export function draw(state, data) {
  const { days, rows } = data;
  return [bar(rangeChoice(state, days), typeChoice(state)),
    make("div", { class: "pair" }, tiers(rows, "rate", t("tiers_rate")), tiers(rows, "timely", t("tiers_timely"))),
    allTable(rows, state, data),
    make("div", { class: "pair" }, panels(rows).map(([id, title_, some]) => figure({ id, title: title_, height: barsHeight(some), rows: some.length,
      legend: [mark("good", "≥ 90%"), mark("fair", "70–90%"), mark("poor", "< 70%")], body: rateTable(id, title_, some, state) })))];
}

export function after(state, { rows }) {
  for (const [id, , some] of panels(rows)) if (some.length) drawChart(id, ratesPicture(id, some, t("rate")), barsHeight(some));
}
