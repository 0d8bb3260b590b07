// SPDX-License-Identifier: Apache-2.0
// What was found before anybody complained, why, and on what evidence.
import { get, perhaps, rowsOf } from "./api.js";
import { caseLink, placeOf, stateSign } from "./case_rows.js";
import { bar, choice, rangeChoice } from "./control.js";
import { daysOf, momentsOf } from "./days.js";
import { make } from "./dom.js";
import { moment, whole } from "./format.js";
import { langOfNames, placeName, triggerName, typeName, unitName } from "./names.js";
import { address, viewAddress } from "./state.js";
import { table } from "./table.js";
import { t } from "./words.js";

export const every = 15000;
const SHOWN = 6; // of the evidence, before it is unfolded

export async function ask(state, clock) {
  const days = daysOf(state, clock.day);
  const [page, counts] = await Promise.all([perhaps(get("api/triggers", { ...momentsOf(days), trigger: state.trigger, limit: 50 })),
    perhaps(rowsOf("proactive", { ...days, by: "trigger" }), [])]);
  return { page, counts: counts.filter((row) => row.opened), days };
}

// {"estate_code": "…", "type_code": "R0105"} in words.
const GROUP = { street_code: placeName, community_code: placeName, type_code: typeName, unit: unitName };
const groupWords = (group) => Object.entries(group || {}).map(([name, value]) => `${t(`g_${name}`)} ${(GROUP[name] || String)(value)}`).join(" · ");

// Evidence is events; of those that are cases the page knows the way.
const isCase = (name) => name.split(":").length >= 3;
const evidenceOf = (name) => make("li", {}, isCase(name) ? caseLink(name) : make("code", {}, name));

function evidence(row) {
  const all = row.evidence || [], rest = all.slice(SHOWN);
  if (!all.length) return make("p", { class: "note" }, t("no_evidence"));
  return [make("ul", { class: "evidence" }, all.slice(0, SHOWN).map(evidenceOf)),
    rest.length ? make("details", { "data-key": `${row.case}_rest` }, make("summary", {}, t("more_n", { n: rest.length })), make("ul", { class: "evidence" }, rest.map(evidenceOf))) : null];
}

function firing(row, now) {
  const counted = [row.count && t("counted", { n: row.count }), row.distinct && t("distinct", { n: typeof row.distinct === "object" ? Object.values(row.distinct)[0] : row.distinct }),
    row.window_from && `${moment(row.window_from, now)} – ${moment(row.window_to, now)}`].filter(Boolean).join(" · ");
  return make("li", { class: "firing", "data-key": row.case },
    make("header", {}, make("h3", {}, make("a", { href: viewAddress("case", { case: row.case }), lang: langOfNames() }, triggerName(row.trigger))),
      make("span", { class: "soft" }, moment(row.fired, now)), row.state ? stateSign(row.state) : null,
      row.desk_cause ? make("a", { class: "tag", href: viewAddress("desk", { case: row.case, cause: row.desk_cause }) }, t(`cause_${row.desk_cause}`)) : null),
    make("p", { lang: langOfNames() }, row.reason || "–"),
    make("p", { class: "note" }, [groupWords(row.group), counted, row.unit ? `${t("lead")} ${unitName(row.unit)}` : "", placeOf(row)].filter(Boolean).join(" · ")),
    make("div", {}, make("h4", {}, t("evidence_n", { n: (row.evidence || []).length })), evidence(row)));
}

const COUNTS = ["opened", "confirmed", "declined", "dispatched", "resolved"];

function countTable(rows, state) {
  return table({ id: "trigger_counts", caption: t("by_trigger"), state, rows, keyOf: (row) => row.trigger || "none", columns: [
    { key: "trigger", title: t("trigger"), value: (row) => triggerName(row.trigger), cell: (row) => (row.sum ? t("sum") : make("a", { href: address({ trigger: row.trigger }), lang: langOfNames() }, triggerName(row.trigger))) },
    ...COUNTS.map((key) => ({ key, title: t(`p_${key}`), kind: "number", cell: (row) => whole(row[key]) }))],
  foot: { sum: true, trigger: "", ...Object.fromEntries(COUNTS.map((key) => [key, rows.reduce((all, row) => all + row[key], 0)])) } });
}

export const title = () => t("v_triggers");

export function draw(state, { page, counts, days }, clock) {
  return [bar(rangeChoice(state, days), state.trigger ? choice(t("trigger"), [["", t("all")], [state.trigger, triggerName(state.trigger)]], state.trigger, (one) => ({ trigger: one })) : null),
    make("section", { class: "panel", "aria-labelledby": "counts_title" }, make("header", {}, make("h2", { id: "counts_title" }, t("by_trigger"))), countTable(counts, state)),
    make("section", { class: "panel", "aria-labelledby": "firings_title" }, make("header", {}, make("h2", { id: "firings_title" }, t("findings"))),
      !page ? make("p", { class: "none" }, t("forbidden")) : page.rows.length ? make("ol", { class: "firings" }, page.rows.map((row) => firing(row, clock.now))) : make("p", { class: "none" }, t("nothing")),
      page?.next ? make("p", { class: "note" }, t("first_n", { n: page.rows.length })) : null)];
}
