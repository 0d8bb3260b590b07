// SPDX-License-Identifier: Apache-2.0
// What a person chooses by: rows of links, of which one is chosen, and fields that change the address.
import { ownDays, RANGES } from "./days.js";
import { make } from "./dom.js";
import { langOfNames, typeList } from "./names.js";
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

export const daysWords = ({ from, to }) => (from || to ? `${from || ""} – ${to || ""}` : t("range_all"));

// Which days; own ones win over the named.
export function rangeChoice(state, days) {
  return [
    choice(t("range"), RANGES.map((range) => [range, t(`range_${range}`)]), ownDays(state) ? "" : state.range, (range) => ({ range, from: "", to: "" })),
    make("span", { class: "fields" }, dayField(t("from"), "from", state, days), dayField(t("to"), "to", state, days))];
}

export function typeChoice(state) {
  const all = typeList(), tops = all.filter((type) => !type.parent_code);
  const option = (type) => make("option", { value: type.code, selected: type.code === state.type }, type.name);
  return field(t("type"), make("select", { "data-value": state.type || "", onchange: (event) => go(address({ type: event.target.value })) },
    make("option", { value: "", lang: null }, t("all_types")),
    tops.map((top) => make("optgroup", { label: top.name, lang: langOfNames() },
      make("option", { value: top.code, selected: top.code === state.type }, `${top.name} · ${t("all")}`),
      all.filter((type) => type.parent_code === top.code).flatMap((type) => [option(type), ...all.filter((below) => below.parent_code === type.code).map(option)])))));
}

export const bar = (...controls) => make("div", { class: "controls" }, controls);
