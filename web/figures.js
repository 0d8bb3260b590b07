// SPDX-License-Identifier: Apache-2.0
// Any view there is, a district's own among them, as a table: rows by one of its groups or by days, columns by what the API tells of
// them. The sum is asked for; rates and times are not added up here.
import { get } from "./api.js";
import { draw as drawChart, figure, hasCharts } from "./chart.js";
import { codeColumns, columnsOf, definitions, durationsOf, FORMS, numberColumn } from "./columns.js";
import { bar, choice, field, rangeChoice, typeChoice } from "./control.js";
import { daysOf } from "./days.js";
import { make } from "./dom.js";
import { isNothing, whole } from "./format.js";
import { codeName, groupTitle, TOTAL } from "./groups.js";
import { called, kindName, langOfNames, loadViews, shortName, typesAsked, viewList, viewNamed } from "./names.js";
import { who } from "./page.js";
import { barsHeight, stepsPicture, valuesPicture } from "./picture.js";
import { address, go, viewAddress } from "./state.js";
import { table } from "./table.js";
import { t } from "./words.js";

const ROWS = 200; // in the page at first, and more with each step
const BARS = 12, STEPS_HEIGHT = 190;
export const every = 15000; // of many days and codes a question takes seconds, and whoever else asks waits for it

// Views that have a page of their own, and where.
const PAGES = { inflow: "overview", places: "place", response_time: "times", closure_rate: "units", on_time: "units", overdue: "units", backlog: "units", dispute: "units",
  three_rates: "rates", repeat: "repeats", proactive: "triggers", ledger: "ledger" };

const bySome = (view) => [...view.groups, ...view.buckets];

// Groups and buckets of the address that the view has; a bucket of days excludes another.
function byOf(view, state) {
  if (state.by === TOTAL) return [];
  const asked = [...new Set((state.by || "").split(","))].filter((name) => bySome(view).includes(name));
  const days = asked.filter((name) => view.buckets.includes(name) && name !== "hour");
  return asked.length ? asked.filter((name) => !days.slice(1).includes(name)) : bySome(view).slice(0, 1);
}

// The mean is of units, so it is not by them.
function methodOf(view, state, by) {
  return state.method === "mean" && view.methods.includes("mean") && !by.includes("unit") ? "mean" : "";
}

// What rows of types are made of can be asked of some of them.
const typeOf = (view, state) => (view.groups.includes("type_code") ? state.type || "" : "");

const scopeOf = (view, state) => (view.scopes.includes(state.scope) ? state.scope : "");

const headOf = (by) => (by.length ? t("by_what", { what: by.map(groupTitle).join(" × ") }) : t("sum"));

// What is wrong with this question alone is told in its place; what else is shown stays.
async function told(question) {
  try {
    return await question;
  } catch (problem) {
    if (![400, 403, 404, 413].includes(problem.status) && problem.code !== "question_too_slow") throw problem;
    return { problem };
  }
}

// What is left out is of what there is: where that sums to as much, nothing was.
async function askWhole(view, path, query) {
  if (query.scope !== "net") return false;
  const [net, all] = (await Promise.all(["net", ""].map((scope) => told(get(path, { ...query, scope, method: "" }))))).map(({ rows }) => rows?.[0]);
  return Boolean(net && all && net.n > 0) && ["n", ...view.columns.map(({ column }) => column)].every((name) => net[name] === all[name]);
}

async function askRows(view, state, clock) {
  const by = byOf(view, state), days = daysOf(state, clock.day);
  const type = typeOf(view, state), query = { ...days, ...typesAsked(type), scope: scopeOf(view, state), method: methodOf(view, state, by), audience: state.audience === "public" && view.kind ? "public" : "" }, path = `api/views/${view.view}`;
  const [rows, sum, isWhole] = await Promise.all([told(get(path, { ...query, by: by.join(",") })), told(get(path, query)), askWhole(view, path, query)]);
  return { view, by, days, type, scope: query.scope, method: query.method, audience: query.audience, only: durationsOf(view).some(([one]) => one === state.col) ? state.col : "", rows: rows.rows || [], sum: sum.rows?.[0], isWhole, problem: rows.problem || sum.problem };
}

export async function ask(state, clock) {
  if (state.name && !viewNamed(state.name)) await loadViews(); // it may have come since
  const view = viewNamed(state.name);
  return view ? askRows(view, state, clock) : {};
}

// The picture is of the column that the table is sorted by, else the first: the most of it, or all days in their order.
function picture(data, state) {
  const { view, by, rows } = data, isOfDays = view.buckets.includes(by[0]), columns = columnsOf(data);
  const column = columns.find((one) => state.sort?.startsWith(`figures.${one.column}.`)) || columns[0], value = (row) => (isNothing(row[column.column]) ? null : Number(row[column.column]));
  const all = by.length === 1 ? rows.map((row) => ({ name: codeName(by[0], row[by[0]], view.kind), value: value(row) })) : [];
  const some = isOfDays ? all : all.filter((row) => row.value > 0).sort((a, b) => b.value - a.value).slice(0, BARS);
  return { column, isOfDays, height: isOfDays ? STEPS_HEIGHT : barsHeight(some), rows: some.some((row) => row.value > 0) ? some.map((row) => ({ ...row, label: isOfDays ? row.name.replace(/^\d{4}-(?=\d\d-)/, "") : shortName(row.name) })) : [] };
}

function pictureOf(data, state) {
  const { column, height, rows } = picture(data, state), shown = numberColumn(column), words = data.by.map(groupTitle)[0];
  if (!hasCharts() || rows.length < 2) return null;
  return figure({ id: "values", title: shown.title, lang: shown.lang, height, rows: rows.length, body: table({ id: "values_rows", caption: words, state, rows, keyOf: (row) => row.name, columns: [
    { key: "name", title: words, fixed: true, cell: (row) => make("span", { lang: langOfNames(row.name) }, row.name) },
    { key: "value", title: shown.title, kind: "number", lang: shown.lang, fixed: true, cell: (row) => FORMS[column.form](row.value) }] }) });
}

function notes({ view, by, sum, type }) {
  const formula = sum?.formula && sum.formula !== "always" ? `${t("formula")} ${sum.formula === "mixed" ? t("mixed") : sum.formula}` : null;
  return make("p", { class: "note" }, [PAGES[view.view] && [t("own_page"), " ", pageOf(view.view)], view.kind && make("span", { lang: langOfNames(kindName(view.kind)) }, kindName(view.kind)), formula, who().all ? null : t("only_yours"),
    !type && make("code", {}, `citybrain views show ${view.view}${by.length ? ` --by ${by.join(",")}` : ""}`)].filter(Boolean).flatMap((part, n) => (n ? [" · ", part] : [part])));
}

function defined(data) {
  const words = definitions(data);
  return words.length > 0 && make("p", { class: "note", id: "figures_defined" }, words);
}

// Of what is left out for the public the sum would tell: less the others it is just that.
function rowsTable(data, state) {
  const { view, by, rows, sum } = data, most = ROWS * Number(state.pages || 1);
  const columns = [...codeColumns(data), ...columnsOf(data).map(numberColumn)];
  const days = by.find((name) => view.buckets.includes(name) && name !== "hour"), first = days || (by.every((name) => view.groups.includes(name)) && by.length && columnsOf(data)[0].column);
  return [table({ id: "figures", caption: headOf(by), state, rows, columns, most, keyOf: (row) => by.map((name) => row[name]).join(" ") || "all",
    foot: by.length && sum && !rows.some((row) => row.suppressed) ? { ...sum, isSum: true } : null, first: first ? { key: first, down: true } : undefined }),
  rows.length > most && make("p", { class: "after" }, `${t("listed_of", { n: whole(most), of: whole(rows.length) })} `, make("a", { href: address({ pages: Number(state.pages || 1) + 1 }), class: "button" }, t("more_rows")))];
}

function body(data, state) {
  if (data.problem) return make("p", { class: "none bad", role: "alert" }, { 403: t("forbidden"), 404: t("not_found") }[data.problem.status] || data.problem.message);
  if (data.rows.length) return rowsTable(data, state);
  return make("p", { class: "none" }, t("none_in_days"), " ", state.range === "all" && !state.from && !state.to ? null : make("a", { href: address({ range: "all", from: "", to: "" }) }, t("range_all")));
}

// One more that rows are made by; of two buckets one is the hour.
function secondChoice({ view, by }) {
  const isDays = (name) => view.buckets.includes(name) && name !== "hour";
  const others = by.length && by.length < 3 ? bySome(view).filter((name) => name !== by[0] && !(isDays(name) && isDays(by[0]))) : [];
  return others.length > 0 && field(t("and_by"), make("select", { "data-value": by[1] || "", onchange: (event) => go(address({ by: [by[0], event.target.value].filter(Boolean).join(","), sort: "", pages: "" })) },
    make("option", { value: "" }, "–"), others.map((name) => make("option", { value: name, selected: name === by[1] }, groupTitle(name)))));
}

function controls({ view, by, days, method, audience, only, isWhole }, state) {
  const some = durationsOf(view);
  return bar(viewChoice(view.view),
    choice(t("group"), [...bySome(view), TOTAL].map((name) => [name, groupTitle(name)]), by[0] || TOTAL, (name) => ({ by: name, sort: "", pages: "" })), secondChoice({ view, by }),
    rangeChoice(state, days), view.groups.includes("type_code") && typeChoice(state),
    view.scopes.length > 1 && choice(t("scope"), view.scopes.map((one) => [one, t(`scope_${one}`)]), scopeOf(view, state) || "all", (scope) => ({ scope })), isWhole && make("p", { class: "note", id: "none_excluded" }, t("none_excluded")),
    view.methods.length > 1 && !by.includes("unit") && choice(t("method"), view.methods.map((one) => [one, t(`method_${one}`)]), method || "pooled", (one) => ({ method: one, sort: "" })),
    some.length > 1 && !method && choice(t("columns"), [["", t("all")], ...some.map(([one, name]) => [one, make("span", { lang: langOfNames(name) }, name)])], only, (col) => ({ col, sort: "" })),
    view.kind && choice(t("audience"), ["", "public"].map((one) => [one, t(`audience_${one || "own"}`)]), audience, (one) => ({ audience: one })));
}

function viewChoice(chosen) {
  return field(t("view"), make("select", { "data-value": chosen, onchange: (event) => go(figuresOf(event.target.value)) }, make("option", { value: "" }, t("all_views")),
    viewList().map((one) => make("option", { value: one.view, selected: one.view === chosen, lang: langOfNames(called(one)) }, called(one)))));
}

const figuresOf = (name) => viewAddress("figures", { name });
const pageOf = (view) => PAGES[view] && make("a", { href: viewAddress(PAGES[view]) }, t(`v_${PAGES[view]}`));

// A district's own before those that have a page.
function listTable(state) {
  const measures = (view) => [...new Set(view.columns.map(called))].join(" · ");
  return make("section", { class: "panel", "aria-labelledby": "views_title" }, make("header", {}, make("h2", { id: "views_title" }, t("views_there")), make("p", { class: "note" }, t("views_note"))),
    table({ id: "view_list", caption: t("views_there"), state, keyOf: (view) => view.view, rows: [...viewList()].sort((a, b) => Boolean(PAGES[a.view]) - Boolean(PAGES[b.view])), columns: [
      { key: "name", title: t("view"), value: called, cell: (view) => make("a", { href: figuresOf(view.view), lang: langOfNames(called(view)) }, called(view)) },
      { key: "view", title: t("code"), cell: (view) => make("code", {}, view.view) },
      { key: "kind", title: t("kind"), value: (view) => (view.kind ? kindName(view.kind) : null), cell: (view) => make("span", { lang: langOfNames(kindName(view.kind)) }, view.kind ? kindName(view.kind) : "–") },
      { key: "groups", title: t("group"), fixed: true, cell: (view) => view.groups.map(groupTitle).join(" · ") },
      { key: "columns", title: t("columns"), fixed: true, cell: (view) => make("span", { class: "soft", lang: langOfNames(measures(view)) }, measures(view)) },
      { key: "page", title: t("own_page"), fixed: true, cell: (view) => pageOf(view.view) || "–" }] }));
}

export const title = (state) => [t("v_figures"), state.name && (called(viewNamed(state.name)) || state.name)].filter(Boolean).join(" · ");

export function draw(state, data) {
  const { view } = data;
  if (!view) return [state.name && make("p", { class: "none", id: "no_view" }, t("no_view", state)), listTable(state)];
  return [controls(data, state), pictureOf(data, state), make("section", { class: "panel", "aria-labelledby": "figures_title" },
    make("header", {}, make("h2", { id: "figures_title" }, headOf(data.by)), notes(data)), body(data, state), defined(data))];
}

export function after(state, data) {
  const { column, isOfDays, height, rows } = data.view ? picture(data, state) : { rows: [] };
  if (rows.length < 2) return;
  const words = numberColumn(column).title, form = FORMS[column.form];
  drawChart("values", isOfDays ? stepsPicture(rows, words, form) : valuesPicture("values", rows, words, form), height);
}
