// SPDX-License-Identifier: Apache-2.0
// What the desk may answer, and what each answer needs: docs/desk.md, as fields of a form.
import { make } from "./dom.js";
import { called, langOfNames, typeList, unitList, unitName, unitOfStreet, unitOfType } from "./names.js";
import { t } from "./words.js";

// ?: may be left out
const NEEDS = { assigned: ["lead", "due_at?"], classified: ["type_code"], dispute_decided: ["outcome", "lead?"], held: [], extended: ["due_at"], supervised: [], confirmed: [], declined: [], closed: [], noted: [] };

const OUTCOMES = ["upheld", "rejected"];

export const fieldsOf = (move) => (NEEDS[move] || []).map((name) => ({ name: name.replace("?", ""), may: name.endsWith("?") }));

const label = (text, input) => make("label", { class: "field tall" }, make("span", {}, text), input);

// Who is likely comes first: the street of the place, the unit of the type.
function unitsFor(one) {
  const likely = [unitOfStreet(one.street_code), unitOfType(one.type_code)].filter((code, n, all) => code && code !== one.unit && all.indexOf(code) === n);
  const others = unitList().filter((unit) => !likely.includes(unit.unit) && unit.kind !== "desk");
  const option = (code) => make("option", { value: code }, `${unitName(code)} ${code}`);
  return [make("option", { value: "" }, t("choose")), likely.length ? make("optgroup", { label: t("likely") }, likely.map(option)) : null,
    make("optgroup", { label: t("all") }, others.map((unit) => option(unit.unit)))];
}

const typesFor = () => [make("option", { value: "" }, t("choose")), typeList().filter((type) => type.parent_code).map((type) => make("option", { value: type.code }, `${called(type)} ${type.code}`))];

// `take(name, value)` is told of every change.
export function fieldInput({ name, may }, one, draft, take) {
  const told = (event) => take(name, event.target.value), rest = { id: `decide_${name}`, required: !may, "data-value": draft[name] || "", onchange: told };
  const title = t(`f_${name}`) + (may ? ` (${t("may_be_left_out")})` : "");
  switch (name) {
    case "lead": return label(title, make("select", { ...rest, lang: langOfNames() }, unitsFor(one)));
    case "type_code": return label(title, make("select", { ...rest, lang: langOfNames() }, typesFor()));
    case "outcome": return label(title, make("select", rest, make("option", { value: "" }, t("choose")), OUTCOMES.map((word) => make("option", { value: word }, t(`outcome_${word}`)))));
    default: return label(title, make("input", { ...rest, type: "datetime-local" }));
  }
}

// Before anybody has said who he is: what it can be decided as, with what each needs, to be read.
const needs = (move) => fieldsOf(move).map(({ name, may }) => t(`f_${name}`) + (name === "outcome" ? ` (${OUTCOMES.map((word) => t(`outcome_${word}`)).join(" / ")})` : "") + (may ? ` (${t("may_be_left_out")})` : ""));

export function answersList(answers) {
  return make("section", { id: "answers" }, make("h3", {}, t("can_be_decided")), make("dl", { class: "facts" }, answers.map((move) => make("div", {}, make("dt", {}, t(`move_${move}`)),
    make("dd", {}, t(`move_${move}_means`), needs(move).length ? make("small", { class: "below soft" }, needs(move).join(t("hours_and"))) : null)))),
  make("p", { class: "note" }, t("needs_credential"), " ", t("credential_from")));
}
