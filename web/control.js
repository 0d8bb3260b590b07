// SPDX-License-Identifier: Apache-2.0
// What a person chooses by: rows of links, of which one is chosen, and fields that change the address.
import { ownDays, rangeOf, RANGES, shift } from "./days.js";
import { make } from "./dom.js";
import { called, isKind, isTypes, kindList, kindName, langOfNames, placeName, streets, typeGroupList, typeList, typesName, typesOf } from "./names.js";
import { address, go } from "./state.js";
import { t } from "./words.js";

// options: [value, text]
export function choice(label, options, chosen, changesOf) {
  return make("div", { class: "choice", role: "group", "aria-label": label },
    make("span", { class: "label", "aria-hidden": "true" }, label),
    make("span", { class: "buttons" }, options.map(([value, text]) =>
      make("a", { href: address(changesOf(value)), "aria-current": value === chosen ? "true" : null }, text))));
}

export const field = (label, input) => make("label", { class: "field" }, make("span", {}, label), input);

function dayField(label, name, state, days) {
  return field(label, make("input", { type: "date", value: days[name] || "", "data-key": `${name}_${days[name] || ""}`,
    onchange: (event) => event.target.value && go(address({ from: days.from || event.target.value, to: days.to || event.target.value, [name]: event.target.value })) }));
}

// Which days something was opened in, of a list that is of all days where nobody says.
export function openedChoice(state, day) {
  const own = ownDays(state) || {}, named = { today: { from: day, to: day }, week: { from: shift(day, -6), to: day } };
  const known = Object.keys(named).find((name) => named[name].from === own.from && named[name].to === own.to), chosen = known || (own.from || own.to ? "own" : "");
  const options = [["", t("all")], ...Object.keys(named).map((name) => [name, t(`range_${name}`)]), ...(chosen === "own" ? [["own", daysWords(own)]] : [])];
  return [choice(t("opened_in"), options, chosen, (name) => (name === "own" ? {} : { from: "", to: "", ...named[name], pages: "" })),
    make("span", { class: "fields" }, dayField(t("from"), "from", state, own), dayField(t("to"), "to", state, own))];
}

export const daysWords = ({ from, to }) => (from || to ? `${from || ""} – ${to || ""}` : t("range_all"));

// Which days; own ones win over the named, and one that nobody named is told.
export function rangeChoice(state, days) {
  const own = ownDays(state), range = rangeOf(state), isUnknown = !own && state.range && range !== state.range;
  return [
    choice(t("range"), RANGES.map((one) => [one, t(`range_${one}`)]), own ? "" : range, (one) => ({ range: one, from: "", to: "" })),
    isUnknown && make("span", { class: "note", id: "unknown_range" }, t("unknown_range", { code: state.range })),
    make("span", { class: "fields" }, dayField(t("from"), "from", state, days), dayField(t("to"), "to", state, days))];
}

// Groups of types first, then each type with those below it. Options are known by their code: a refresh moves none of them.
function typeOptions(isOpen) {
  const all = typeList(), tops = all.filter((type) => !type.parent_code);
  const option = (code, name) => isOpen(code) && make("option", { value: code, "data-key": code }, name);
  const group = (label, key, options) => options.some(Boolean) && make("optgroup", { label, lang: langOfNames(label), "data-key": `of_${key}` }, options);
  return [group(t("type_groups"), "groups", typeGroupList().map((one) => option(one.group, called(one)))),
    ...tops.map((top) => group(called(top), top.code, [option(top.code, `${called(top)} · ${t("all")}`),
      ...all.filter((type) => type.parent_code === top.code).flatMap((type) => [type, ...all.filter((below) => below.parent_code === type.code)]).map((type) => option(type.code, called(type)))]))];
}

// What stands in the address and is in no registry is told, with the way to all: a select would be empty.
const unknownOption = (code) => make("option", { value: code, "data-key": "unknown" }, t("unknown_code", { code }));
const toAll = (name) => make("a", { href: address({ [name]: "", pages: "" }), "data-key": `all_${name}` }, t("all"));
const typeWords = (code) => (isTypes(code) ? typesName(code) : t("unknown_code", { code }));

// One type, a group of them, or several of either, which are then counted as one.
export function typeChoice(state) {
  const chosen = typesOf(state.type), several = chosen.length > 1, words = chosen.map(typeWords).join("、"), isUnknown = chosen.length === 1 && !isTypes(chosen[0]), to = (codes) => address({ type: codes.join(","), pages: "" });
  const select = (value, first, options, onchange) => make("select", { "data-value": value, onchange }, make("option", { value: "", lang: null, "data-key": "none" }, first), options);
  const add = (event) => {
    const code = event.target.value;
    event.target.value = ""; // it stands beside it now
    go(to([...chosen, code]));
  };
  const choose = select(chosen.join(","), t("all_types"), [several && make("option", { value: chosen.join(","), lang: langOfNames(words), "data-key": "several" }, words), typeOptions(() => true), isUnknown && unknownOption(chosen[0])],
    (event) => go(to([event.target.value])));
  choose.value = chosen.join(",");
  return [field(t("type"), choose), isUnknown && toAll("type"),
    chosen.length > 0 && field(t("and_type"), select("", "–", typeOptions((code) => !chosen.includes(code)), add)),
    several && make("div", { class: "choice", role: "group", "aria-label": t("types_together") }, make("span", { class: "buttons" }, chosen.map((code) =>
      make("a", { href: to(chosen.filter((one) => one !== code)), "data-key": code, "aria-label": t("take_out", { what: typeWords(code) }) }, make("span", { lang: langOfNames(typeWords(code)) }, typeWords(code)), " ×"))))];
}

// One street, or `other`: a code and what it is called.
export function streetChoice(state, other) {
  const option = (code, name) => make("option", { value: code, lang: langOfNames(name), "data-key": code }, name);
  const isUnknown = state.street && state.street !== other[0] && !streets().some((place) => place.code === state.street);
  const choose = make("select", { "data-value": state.street || "", onchange: (event) => go(address({ street: event.target.value, community: "", pages: "" })) },
    make("option", { value: "", "data-key": "all" }, t("all")), streets().map((place) => option(place.code, placeName(place.code))), option(...other), isUnknown && unknownOption(state.street));
  choose.value = state.street || "";
  return [field(t("street"), choose), isUnknown && toAll("street")];
}

// Of one kind of case, or of all.
export function kindChoice(state) {
  const isUnknown = state.kind && !isKind(state.kind);
  const choose = make("select", { "data-value": state.kind || "", onchange: (event) => go(address({ kind: event.target.value, pages: "" })) },
    make("option", { value: "", "data-key": "all" }, t("all")), kindList().map((kind) => make("option", { value: kind, lang: langOfNames(kindName(kind)), "data-key": kind }, kindName(kind))), isUnknown && unknownOption(state.kind));
  choose.value = state.kind || "";
  return [field(t("kind"), choose), isUnknown && toAll("kind")];
}

export const bar = (...controls) => make("div", { class: "controls" }, controls);
