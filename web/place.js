// SPDX-License-Identifier: Apache-2.0
// The way down: district, street, community, unit, case. Every level is a sum of the same cells, and says so: its rows add
// up to the row above it. What is open and overdue stands beside it as it is now, whenever it was opened.
import { oneOf, perhaps, rowsOf } from "./api.js";
import { draw as drawChart, figure, mark } from "./chart.js";
import { NOT_CLOSED } from "./case_rows.js";
import { askCases, drawCases, NOWHERE } from "./cases.js";
import { bar, choice, rangeChoice } from "./control.js";
import { daysOf, shift } from "./days.js";
import { make } from "./dom.js";
import { duration, percent, whole } from "./format.js";
import { communityName, districtName, isKeptBy, langOfNames, parentOf, placeName, unitName } from "./names.js";
import { trendPicture } from "./picture.js";
import { address, viewAddress } from "./state.js";
import { table } from "./table.js";
import { t } from "./words.js";

const COUNTS = ["opened", "contacted", "done", "on_time", "closed"];
// Of the view that keeps it, and how its cases are listed.
const STOCKS = { open: { view: "backlog", listed: { state: NOT_CLOSED } }, overdue: { view: "overdue", listed: { overdue: "yes", order: "due" } } };

// What the rows are made by, and where a row leads.
const LEVELS = [
  { by: "street_code", title: "street", name: placeName, down: (code) => ({ street: code }) },
  { by: "community_code", title: "community", name: placeName, down: (code) => ({ community: code }) },
  { by: "unit", title: "unit", name: unitName, down: (code) => ({ unit: code }) },
];
// All communities beside each other, whichever street they are of.
const WIDE = { by: "community_code", title: "community", name: communityName, down: (code) => ({ street: parentOf(code), community: code, of: "" }) };
const depthOf = (state) => (state.unit ? 3 : state.community ? 2 : state.street ? 1 : 0);

const levelOf = (state) => (depthOf(state) === 0 && state.of === "community" ? WIDE : LEVELS[depthOf(state)]);

const filterOf = (state) => ({ street_code: state.street, community_code: state.community, unit: state.unit });

async function askTrend(state, clock) {
  if (state.community) return null; // durations are kept by street and unit
  const span = { from: shift(clock.day, -29), to: clock.day };
  return perhaps(rowsOf("response_time", { ...span, by: "day", street_code: state.street, unit: state.unit }), null);
}

const totalOf = (rows, key) => rows.reduce((all, row) => all + row[key], 0);
const offOf = (sum, rows, stocks) => [...COUNTS, ...stocks].filter((key) => totalOf(rows, key) !== (sum[key] || 0));

const askLevel = (view, query, by) => Promise.all([oneOf(view, query), by ? rowsOf(view, { ...query, by }) : []]);

// Those that the district keeps by place as far down as this.
function askStocks(state) {
  const by = levelOf(state)?.by, groups = [...LEVELS.slice(0, depthOf(state)).map((level) => level.by), by].filter(Boolean);
  return Promise.all(Object.entries(STOCKS).filter(([, { view }]) => isKeptBy(view, groups))
    .map(async ([key, { view }]) => ({ key, found: await perhaps(askLevel(view, filterOf(state), by)) })));
}

// A place has a row where something was opened in these days, and where something stands open.
function join([sum, rows], stocks, by) {
  const all = new Map(), keys = stocks.map(({ key }) => key);
  const of = (code) => all.get(code) || all.set(code, { [by]: code, ...Object.fromEntries([...COUNTS, ...keys].map((key) => [key, 0])) }).get(code);
  for (const row of rows) Object.assign(of(row[by]), row);
  for (const { key, found } of stocks) for (const row of found[1]) of(row[by])[key] = row[key];
  return { sum: { ...sum, ...Object.fromEntries(stocks.map(({ key, found }) => [key, found[0][key] || 0])) }, rows: [...all.values()], stocks: keys };
}

export async function ask(state, clock) {
  const depth = depthOf(state), by = levelOf(state)?.by, days = daysOf(state, clock.day), query = { ...days, ...filterOf(state) };
  const [counted, stocks, trend, cases] = await Promise.all([askLevel("places", query, by), askStocks(state), askTrend(state, clock), depth === 3 ? askCases({ ...filterOf(state), kind: "request" }, days, Number(state.pages || 1)) : null]);
  return { ...join(counted, stocks.filter(({ found }) => found), by), trend, cases, days };
}

function trail(state) {
  const steps = [[districtName() || t("district"), { street: "", community: "", unit: "" }],
    state.street && [placeName(state.street), { community: "", unit: "" }],
    state.community && [placeName(state.community), { unit: "" }],
    state.unit && [unitName(state.unit), {}]].filter(Boolean);
  return make("nav", { class: "trail", "aria-label": t("trail") }, make("ol", {}, steps.map(([name, changes], n) => make("li", {},
    n === steps.length - 1 ? make("span", { "aria-current": "page", lang: langOfNames() }, name) : make("a", { href: address({ ...changes, sort: "" }), lang: langOfNames() }, name)))));
}

const gauge = (part, whole_) => [percent(whole_ ? part / whole_ : null),
  make("span", { class: "gauge", "aria-hidden": "true" }, make("i", { class: "part", style: { width: `${whole_ ? 100 * part / whole_ : 0}%` } }))];

// What has no place leads to its cases: there is no level below it.
const nowhere = (level) => ({ [level.title]: NOWHERE });

function nameCell(state, level, days, row) {
  if (row.sum) return t("sum");
  if (row[level.by]) return make("a", { href: address(level.down(row[level.by])), lang: langOfNames() }, level.name(row[level.by]));
  if (level.by === "unit") return level.name("");
  return make("a", { href: viewAddress("cases", { kind: "request", street: state.street, from: days.from, to: days.to, ...nowhere(level) }) }, level.name(""));
}

function stockCell(state, level, key, row) {
  if (row.sum || (!row[level.by] && level.by === "unit") || !row[key]) return whole(row[key]);
  const { street, community } = state, words = { kind: "request", street, community, ...(row[level.by] ? level.down(row[level.by]) : nowhere(level)), from: "", to: "", ...STOCKS[key].listed };
  return make("a", { href: viewAddress("cases", words), class: key === "overdue" ? "late" : null }, whole(row[key]));
}

// What came in these days leads to its cases; by unit it does not, for who leads now need not have led then.
function openedCell(state, level, { from, to }, row) {
  if (row.sum || level.by === "unit" || !row.opened || !from || !to) return whole(row.opened);
  const { street, community, type } = state;
  return make("a", { href: viewAddress("cases", { kind: "request", street, community, type, ...(row[level.by] ? level.down(row[level.by]) : nowhere(level)), from, to }) }, whole(row.opened));
}

function columnsOf(state, level, days, stocks) {
  const count = (key) => ({ key, title: t(key), kind: "number", cell: (row) => whole(row[key]) });
  const rate = (key, part, of) => ({ key, title: t(key), kind: "number", class: "rate", value: (row) => (row[of] ? row[part] / row[of] : null), cell: (row) => gauge(row[part], row[of]) });
  return [
    { key: "name", title: t(level.title), value: (row) => (row.sum ? "" : level.name(row[level.by])),
      cell: (row) => nameCell(state, level, days, row) },
    ...COUNTS.map((key) => (key === "opened" ? { ...count(key), cell: (row) => openedCell(state, level, days, row) } : count(key))), rate("done_rate", "done", "opened"), rate("timely", "on_time", "done"), rate("rate", "closed", "opened"),
    ...stocks.map((key) => ({ ...count(key), cell: (row) => stockCell(state, level, key, row) }))];
}

function agreement({ sum, rows, stocks }) {
  const off = offOf(sum, rows, stocks);
  return make("p", { id: "agreement", class: off.length ? "bad" : "good" }, make("span", { "aria-hidden": "true" }, off.length ? "▲ " : "● "),
    off.length ? t("sums_differ", { what: off.map((key) => t(key)).join(" ") }) : t("sums_agree", { n: rows.length }));
}

function levelTable(state, data) {
  const level = levelOf(state), { sum, rows, stocks } = data, first = level === WIDE && stocks.includes("overdue") ? "overdue" : "opened";
  return make("section", { class: "panel", "aria-labelledby": "level_title" },
    make("header", {}, make("h2", { id: "level_title" }, t(`by_${level.title}`)), rows.length ? agreement(data) : null),
    table({ id: "places", caption: t(`by_${level.title}`), state, rows, columns: columnsOf(state, level, data.days, stocks), keyOf: (row) => row[level.by] || "none",
      first: { key: first, down: true }, foot: { ...Object.fromEntries([...COUNTS, ...stocks].map((key) => [key, sum[key] || 0])), sum: true } }),
    make("p", { class: "note", id: "places_defined" }, [t("places_defined"), stocks.length ? t("stocks_defined") : "", stocks.includes("open") ? t("open_defined") : ""].join(" ")));
}

const trendDays = (trend) => trend.map((row) => ({ day: row.day, p50: row.full_p50_seconds, p90: row.full_p90_seconds, n: row.full_n }));

function trendFigure(state, trend) {
  if (!trend) return null;
  const rows = trendDays(trend);
  return figure({ id: "trend", title: t("trend_full"), height: 200, rows: rows.length, legend: [mark("in line", t("median")), mark("out line", t("p90"))], note: t("approximate"),
    body: table({ id: "trend_rows", caption: t("trend_full"), state, rows, columns: [{ key: "day", title: t("day"), fixed: true },
      { key: "n", title: t("n"), kind: "number", fixed: true, cell: (row) => whole(row.n) },
      { key: "p50", title: t("median"), kind: "number", fixed: true, cell: (row) => duration(row.p50) },
      { key: "p90", title: t("p90"), kind: "number", fixed: true, cell: (row) => duration(row.p90) }] }) });
}

const facts = ({ sum, stocks }) => make("dl", { class: "facts" }, [...COUNTS.map((key) => [t(key), whole(sum[key] || 0), key]), [t("rate"), percent(sum.rate), "rate"], ...stocks.map((key) => [t(key), whole(sum[key]), key])]
  .map(([label, value, key]) => make("div", {}, make("dt", {}, label), make("dd", { id: `sum_${key}` }, value))));

export const title = (state) => [t("v_place"), ...[state.street, state.community].filter(Boolean).map(placeName), state.unit && unitName(state.unit)].filter(Boolean).join(" · ");

export function draw(state, data, clock) {
  return [trail(state), bar(depthOf(state) === 0 && choice(t("group"), ["street", "community"].map((of) => [of, t(of)]), levelOf(state).title, (of) => ({ of: of === "street" ? "" : of, sort: "" })), rangeChoice(state, data.days)), facts(data),
    data.cases ? drawCases(state, data.cases, clock, { expected: (data.sum.opened || 0) + (data.sum.doubles || 0), doubles: data.sum.doubles }) : levelTable(state, data), trendFigure(state, data.trend)];
}

export function after(state, data) {
  if (data.trend) drawChart("trend", trendPicture(trendDays(data.trend)));
}
