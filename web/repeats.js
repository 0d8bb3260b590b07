// SPDX-License-Identifier: Apache-2.0
// What is said again, begun again, merged, put off: where, of which type, with whom. Counters of their own, never one number.
import { rowsOf } from "./api.js";
import { didAddress } from "./cases.js";
import { bar, choice, rangeChoice, typeChoice } from "./control.js";
import { daysOf } from "./days.js";
import { make } from "./dom.js";
import { percent, whole } from "./format.js";
import { communityName, langOfNames, parentOf, typeName, typesAsked, unitName } from "./names.js";
import { viewAddress } from "./state.js";
import { table } from "./table.js";
import { tile } from "./tile.js";
import { t } from "./words.js";

const COUNTS = ["again", "reopened", "merged", "extended"];
const HAPPENED = "reopened_in"; // in these days, whenever the case was opened; an adopter's view may be without it

const GROUPS = {
  community_code: { title: "community", name: communityName, href: (code) => code && viewAddress("place", { street: parentOf(code), community: code }) },
  type_code: { title: "type", name: typeName, href: (code) => code && viewAddress("cases", { type: code }) },
  unit: { title: "unit", name: unitName, href: (code) => code && viewAddress("cases", { unit: code }) },
};
const groupOf = (state) => (GROUPS[state.of] ? state.of : "community_code");

export async function ask(state, clock) {
  const days = daysOf(state, clock.day);
  return { days, rows: await rowsOf("repeat", { ...days, ...typesAsked(state.type), by: groupOf(state) }) };
}

// A list has the same as the number where who leads is not asked: that was another one then, perhaps.
const WORDS = { community_code: (code) => ({ street: parentOf(code), community: code }), type_code: (code) => ({ type: code }) };

function happened(row, days, state) {
  const by = groupOf(state), href = row[HAPPENED] && (row.sum || (row[by] && WORDS[by])) && didAddress("reopened", days, { type: state.type, ...(row.sum ? {} : WORDS[by](row[by])) });
  return href ? make("a", { href }, whole(row[HAPPENED])) : whole(row[HAPPENED]);
}

function rowsTable(rows, sum, days, state) {
  const by = groupOf(state), group = GROUPS[by];
  const count = (key) => ({ key, title: t(`r_${key}`), kind: "number", cell: (row) => whole(row[key]) });
  const rate = (key) => ({ key: `${key}_rate`, title: t(`r_${key}_rate`), kind: "number", value: (row) => (row.opened ? row[key] / row.opened : null), cell: (row) => percent(row.opened ? row[key] / row.opened : null) });
  const named = (row) => (group.href(row[by]) ? make("a", { href: group.href(row[by]), lang: langOfNames(group.name(row[by])) }, group.name(row[by])) : group.name(row[by]));
  return table({ id: "repeats", caption: t("v_repeats"), state, rows, foot: { sum: true, ...sum }, first: { key: "again", down: true }, keyOf: (row) => row[by] || "none", columns: [
    { key: "name", title: t(group.title), value: (row) => group.name(row[by]), cell: (row) => (row.sum ? t("sum") : named(row)) },
    { key: "opened", title: t("opened"), kind: "number", cell: (row) => whole(row.opened) },
    count("again"), rate("again"), count("reopened"), rate("reopened"), ...(sum[HAPPENED] === undefined ? [] : [{ ...count(HAPPENED), cell: (row) => happened(row, days, state) }]), count("merged"), count("extended")] });
}

export const title = () => t("v_repeats");

export function draw(state, { days, rows }) {
  const sum = Object.fromEntries(["opened", ...COUNTS, ...(rows.some((row) => HAPPENED in row) ? [HAPPENED] : [])].map((key) => [key, rows.reduce((all, row) => all + (row[key] || 0), 0)]));
  return [bar(choice(t("group"), Object.entries(GROUPS).map(([by, group]) => [by, t(group.title)]), groupOf(state), (of) => ({ of, sort: "" })), rangeChoice(state, days), typeChoice(state)),
    make("div", { class: "tiles" }, sum[HAPPENED] !== undefined && tile({ id: "sum_reopened_in", title: t("r_reopened_in"), value: whole(sum[HAPPENED]), href: sum[HAPPENED] ? didAddress("reopened", days, { type: state.type }) : null, notes: [[t("any_day"), ""]] }),
      COUNTS.map((key) => tile({ id: `sum_${key}`, title: t(`r_${key}`), value: whole(sum[key]), notes: [[t("of_opened"), percent(sum.opened ? sum[key] / sum.opened : null)]] }))),
    make("section", { class: "panel", "aria-labelledby": "repeats_title" }, make("header", {}, make("h2", { id: "repeats_title" }, t(`by_${GROUPS[groupOf(state)].title}`)), make("p", { class: "note" }, t("repeats_note"))),
      rowsTable(rows, sum, days, state))];
}
