// SPDX-License-Identifier: Apache-2.0
// What one trigger found: its sentence, what it counted and on what evidence.
import { get, perhaps } from "./api.js";
import { caseLink, placeOf, stateSign } from "./case_rows.js";
import { make } from "./dom.js";
import { moment } from "./format.js";
import { fieldName, langOfNames, placeName, stationName, triggerName, typeName, unitName, valueName } from "./names.js";
import { viewAddress } from "./state.js";
import { t } from "./words.js";

const SHOWN = 6; // of the evidence, before it is unfolded

// Of a case: nothing where no trigger opened it, or where who asks may not know why.
export const askFiring = async (name) => (name.startsWith("proactive:") ? (await perhaps(get("api/triggers", { case: name })))?.rows[0] : null);

// {"estate_code": "…", "type_code": "R0105"} in words.
const GROUP = { street_code: placeName, community_code: placeName, type_code: typeName, unit: unitName, station: stationName };
const groupWords = (group) => Object.entries(group || {}).map(([name, value]) => `${fieldName(name, t(`g_${name}`))} ${GROUP[name] ? GROUP[name](value) : valueName(name, value)}`).join(" · ");

// Evidence is events; of those that are cases the page knows the way.
const isCase = (name) => name.split(":").length >= 3;
const evidenceOf = (name) => make("li", {}, isCase(name) ? caseLink(name) : make("code", {}, name));

function evidence(row) {
  const all = row.evidence || [], rest = all.slice(SHOWN);
  if (!all.length) return make("p", { class: "note" }, t("no_evidence"));
  return [make("ul", { class: "evidence" }, all.slice(0, SHOWN).map(evidenceOf)),
    rest.length ? make("details", { "data-key": `${row.case}_rest` }, make("summary", {}, t("more_n", { n: rest.length })), make("ul", { class: "evidence" }, rest.map(evidenceOf))) : null];
}

const counted = (row, now) => [row.count && t("counted", { n: row.count }), row.distinct && t("distinct", { n: typeof row.distinct === "object" ? Object.values(row.distinct)[0] : row.distinct }),
  row.window_from && `${moment(row.window_from, now)} – ${moment(row.window_to, now)}`].filter(Boolean).join(" · ");

const found = (row, now) => [make("p", { lang: langOfNames() }, row.reason || "–"),
  make("p", { class: "note" }, [groupWords(row.group), counted(row, now), row.unit ? `${t("lead")} ${unitName(row.unit)}` : "", placeOf(row)].filter(Boolean).join(" · ")),
  make("div", {}, make("h4", {}, t("evidence_n", { n: (row.evidence || []).length })), evidence(row))];

// In a list of what was found.
export function firing(row, now) {
  return make("li", { class: "firing", "data-key": row.case },
    make("header", {}, make("h3", {}, make("a", { href: viewAddress("case", { case: row.case }), lang: langOfNames() }, triggerName(row.trigger))),
      make("span", { class: "soft" }, moment(row.fired, now)), row.state ? stateSign(row.state) : null,
      row.desk_cause ? make("a", { class: "tag", href: viewAddress("desk", { case: row.case, cause: row.desk_cause }) }, t(`cause_${row.desk_cause}`)) : null),
    found(row, now));
}

// Beside its case, whose state stands there.
export function finding(row, now) {
  return row ? make("div", { class: "firing own", id: "finding" }, make("header", {},
    make("h3", {}, make("a", { href: viewAddress("triggers", { trigger: row.trigger }), lang: langOfNames() }, triggerName(row.trigger))), make("span", { class: "soft" }, moment(row.fired, now))),
  found(row, now)) : null;
}
