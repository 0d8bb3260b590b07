// SPDX-License-Identifier: Apache-2.0
// What one trigger found: its sentence, what it counted, on what evidence, and how that stands now.
import { get, perhaps, seldom } from "./api.js";
import { caseLink, isDone, kindOf, numberOf, placeOf, stateSign } from "./case_rows.js";
import { make } from "./dom.js";
import { moment } from "./format.js";
import { fieldName, isKind, langOfNames, placeName, stationName, triggerName, typeName, unitName, valueName } from "./names.js";
import { viewAddress } from "./state.js";
import { language, t } from "./words.js";

const SHOWN = 6; // of the evidence, before it is unfolded
const MOST_OTHERS = 20;

// Of a case: what opened it, where a trigger did, and what it is evidence of. Nothing for who may not know why.
export async function askFirings(name) {
  const [own, others] = await Promise.all([name.startsWith("proactive:") ? perhaps(get("api/triggers", { case: name })) : null, perhaps(seldom("api/triggers", { evidence: name, limit: MOST_OTHERS }))]);
  return { own: own?.rows[0], others: others?.rows || [] };
}

// {"estate_code": "…", "type_code": "R0105"} in words.
const GROUP = { street_code: placeName, community_code: placeName, type_code: typeName, unit: unitName, station: stationName, case: numberOf };
const groupWords = (group) => Object.entries(group).map(([name, value]) => `${fieldName(name, t(`g_${name}`))} ${GROUP[name] ? GROUP[name](value) : valueName(name, value)}`).join(" · ");

// Evidence is events; of those that are cases the page knows the way.
const isCase = (name) => name.split(":").length >= 3;
// What is stored was said by others: a list and a group are taken for what they are alone.
const evidenceIn = (row) => (Array.isArray(row.evidence) ? row.evidence.filter((name) => typeof name === "string") : []);
const groupOf = (row) => (row.group && typeof row.group === "object" ? row.group : {});
const stateNow = (row, name) => row.evidence_now?.[name];
function evidenceOf(row, name) {
  const stands = stateNow(row, name);
  return make("li", {}, isCase(name) ? caseLink(name) : make("code", {}, name), stands ? [" ", stateSign(stands.state, kindOf(name), stands.stage)] : null);
}

const casesOf = (row) => evidenceIn(row).filter((name) => stateNow(row, name));
const doneOf = (row) => casesOf(row).filter((name) => isDone(stateNow(row, name)));
// The API's word: what it warned of has come to pass, or passed by.
const past = (row) => (row.over === true ? make("span", { class: "tag", title: t("over_means") }, t("over")) : null);

function evidence(row) {
  const all = evidenceIn(row), rest = all.slice(SHOWN);
  if (!all.length) return make("p", { class: "note" }, t("no_evidence"));
  return [make("ul", { class: "evidence" }, all.slice(0, SHOWN).map((name) => evidenceOf(row, name))),
    rest.length ? make("details", { "data-key": `${row.case}_rest` }, make("summary", {}, t("more_n", { n: rest.length })), make("ul", { class: "evidence" }, rest.map((name) => evidenceOf(row, name)))) : null];
}

const counted = (row, now) => [row.count && t("counted", { n: row.count }), row.distinct && t("distinct", { n: typeof row.distinct === "object" ? Object.values(row.distinct)[0] : row.distinct }),
  row.window_from && `${moment(row.window_from, now)} – ${moment(row.window_to, now)}`].filter(Boolean).join(" · ");

// A sentence is its trigger's, in the district's own language, with cases by their ids: numbers to people.
const CASE_ID = /(?<![\w.:-])([a-z]\w*):[a-z0-9_-]+:[\w-]+/g;
const numbered = (text) => text.replace(CASE_ID, (id, kind) => (isKind(kind) ? numberOf(id) : id));
// In English it is said anew, of what is known: of what, how many. Its trigger stands before it.
const subjectWords = (name) => (isCase(name) ? numberOf(name) : stationName(name));
const aboutWords = (row) => [row.subject ? subjectWords(row.subject) : groupWords(groupOf(row)) || placeOf(row), row.count > 1 && t("counted", { n: row.count })].filter(Boolean).join(", ");
export const sentenceOf = (row) => (language() === "en" ? aboutWords(row) : numbered(row.reason || ""));

const found = (row, now) => [make("p", { lang: langOfNames(sentenceOf(row)) }, sentenceOf(row) || "–"),
  make("p", { class: "note" }, [groupWords(groupOf(row)), counted(row, now), row.unit ? `${t("lead")} ${unitName(row.unit)}` : "", placeOf(row)].filter(Boolean).join(" · ")),
  make("div", {}, make("h4", {}, t("evidence_n", { n: evidenceIn(row).length }), doneOf(row).length ? t("evidence_done", { n: doneOf(row).length }) : ""), evidence(row))];

// In a list of what was found.
export function firing(row, now) {
  return make("li", { class: "firing", "data-key": row.case },
    make("header", {}, make("h3", {}, make("a", { href: viewAddress("case", { case: row.case }), lang: langOfNames(triggerName(row.trigger)) }, triggerName(row.trigger))),
      make("span", { class: "soft" }, moment(row.fired, now)), row.state ? stateSign(row.state, kindOf(row.case), row.stage) : null, past(row),
      row.desk_cause ? make("a", { class: "tag", href: viewAddress("desk", { case: row.case, cause: row.desk_cause }) }, t(`cause_${row.desk_cause}`)) : null),
    found(row, now));
}

// Beside its case, whose state stands there.
function finding(row, now) {
  return row ? make("div", { class: "firing own", id: "finding" }, make("header", {},
    make("h3", {}, make("a", { href: viewAddress("triggers", { trigger: row.trigger }), lang: langOfNames(triggerName(row.trigger)) }, triggerName(row.trigger))), make("span", { class: "soft" }, moment(row.fired, now)), past(row)),
  found(row, now)) : null;
}

// Beside a case that is evidence: the way back to what was found.
function othersOf(rows, now) {
  return rows.length ? make("div", { class: "firing own", id: "evidence_of" }, make("h3", {}, t("evidence_of", { n: rows.length === MOST_OTHERS ? `${MOST_OTHERS}+` : rows.length })),
    make("ul", {}, rows.map((row) => make("li", { "data-key": row.case }, make("a", { href: viewAddress("case", { case: row.case }), lang: langOfNames(triggerName(row.trigger)) }, triggerName(row.trigger)),
      " ", make("span", { class: "soft" }, moment(row.fired, now)), " ", row.state ? stateSign(row.state, kindOf(row.case), row.stage) : null,
      row.reason ? make("p", { class: "note", lang: langOfNames(sentenceOf(row)) }, sentenceOf(row)) : null)))) : null;
}

export const drawFirings = ({ own, others }, now) => [finding(own, now), othersOf(others, now)];
