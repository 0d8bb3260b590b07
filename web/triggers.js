// SPDX-License-Identifier: Apache-2.0
// What was found before anybody complained, why, and on what evidence.
import { get, perhaps, rowsOf } from "./api.js";
import { bar, choice, daysWords, rangeChoice } from "./control.js";
import { daysOf, momentsOf, newestOf, shift } from "./days.js";
import { make } from "./dom.js";
import { firing } from "./firing.js";
import { whole } from "./format.js";
import { langOfNames, triggerName } from "./names.js";
import { address } from "./state.js";
import { table } from "./table.js";
import { t } from "./words.js";

export const every = 15000;

const PAGE = 50, MOST = 1000; // findings more with each press; as many as one question answers
const MOST_DAYS = 92; // of which it is asked what still holds

// The days of the list, which have two ends; of a range that is longer the newest.
function listedDays({ from, to }, day) {
  const last = to || (from > day ? from : day);
  return newestOf({ from: from || shift(last, -MOST_DAYS), to: last }, MOST_DAYS);
}

export async function ask(state, clock) {
  const days = daysOf(state, clock.day), list = listedDays(days, clock.day);
  const [page, counts] = await Promise.all([perhaps(get("api/triggers", { ...momentsOf(list), trigger: state.trigger, over: state.over === "yes" ? "yes" : "no", count: "yes", limit: Math.min(MOST, PAGE * Number(state.pages || 1)) })),
    perhaps(rowsOf("proactive", { ...days, by: "trigger" }), [])]);
  return { page, counts: counts.filter((row) => row.opened), days, list };
}

const COUNTS = ["opened", "confirmed", "declined", "dispatched", "resolved"];

function countTable(rows, state) {
  return table({ id: "trigger_counts", caption: t("by_trigger"), state, rows, keyOf: (row) => row.trigger || "none", columns: [
    { key: "trigger", title: t("trigger"), value: (row) => triggerName(row.trigger), cell: (row) => (row.sum ? t("sum") : make("a", { href: address({ trigger: row.trigger }), lang: langOfNames(triggerName(row.trigger)) }, triggerName(row.trigger))) },
    ...COUNTS.map((key) => ({ key, title: t(`p_${key}`), kind: "number", cell: (row) => whole(row[key]) }))],
  foot: { sum: true, trigger: "", ...Object.fromEntries(COUNTS.map((key) => [key, rows.reduce((all, row) => all + row[key], 0)])) } });
}

const findings = (rows, now) => make("ol", { class: "firings" }, rows.map((row) => firing(row, now)));

// How many hold, or are over: of more than the API counts at least so many.
const countWords = (page, which) => (page?.counted ? `${whole(page.counted[which])}${page.counted.more ? "+" : ""}` : "");

// How many are listed, and the way on; of more than one question answers, how to see the others.
function listed(page, state) {
  const n = page.rows.length, of = page.counted?.[state.over === "yes" ? "over" : "holds"];
  if (!page.next) return make("p", { class: "note" }, t("listed", { n: whole(n) }));
  return [make("p", { class: "note" }, of > n ? t("listed_of", { n: whole(n), of: countWords(page, state.over === "yes" ? "over" : "holds") }) : t("listed_more", { n: whole(n) }), n >= MOST ? ` ${t("narrow_it")}` : ""),
    n < MOST ? make("p", { class: "after" }, make("a", { href: address({ pages: Number(state.pages || 1) + 1 }), class: "button" }, t("more_findings"))) : null];
}

export const title = () => t("v_triggers");

export function draw(state, { page, counts, days, list }, clock) {
  return [bar(rangeChoice(state, days), state.trigger ? choice(t("trigger"), [["", t("all")], [state.trigger, triggerName(state.trigger)]], state.trigger, (one) => ({ trigger: one, pages: "" })) : null,
    choice(t("findings"), [["", `${t("holds")} ${countWords(page, "holds")}`.trim()], ["yes", `${t("over")} ${countWords(page, "over")}`.trim()]], state.over || "", (one) => ({ over: one, pages: "" }))),
    make("section", { class: "panel", "aria-labelledby": "counts_title" }, make("header", {}, make("h2", { id: "counts_title" }, t("by_trigger"))), countTable(counts, state)),
    make("section", { class: "panel", "aria-labelledby": "firings_title" }, make("header", {}, make("h2", { id: "firings_title" }, t("findings")),
      list.from === days.from ? null : make("p", { class: "note", id: "newest_days" }, t("newest_days", { n: MOST_DAYS, days: daysWords(list) }))),
      !page ? make("p", { class: "none" }, t("forbidden")) : page.rows.length ? findings(page.rows, clock.now) : make("p", { class: "none" }, t("nothing")),
      page?.rows.length ? listed(page, state) : null)];
}
