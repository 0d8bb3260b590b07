// SPDX-License-Identifier: Apache-2.0
// Whether everything that was read is accounted for, and how far the reading is.
import { get, perhaps, rowsOf } from "./api.js";
import { bar, rangeChoice } from "./control.js";
import { daysOf } from "./days.js";
import { make } from "./dom.js";
import { duration, moment, percent, whole } from "./format.js";
import { feedName, langOfNames } from "./names.js";
import { table } from "./table.js";
import { tile } from "./tile.js";
import { t } from "./words.js";

const COUNTS = ["read", "normalised", "dead", "dropped", "filtered", "events", "distinct_events", "repeated_events", "refused_events"];

export async function ask(state, clock) {
  const days = daysOf(state, clock.day);
  const [fresh, rows] = await Promise.all([perhaps(get("api/freshness")), perhaps(rowsOf("ledger", { ...days, by: "feed" }), [])]);
  return { fresh, rows, days };
}

const closes = (row) => make("span", { class: row.closes ? "good" : "bad" }, make("span", { "aria-hidden": "true" }, row.closes ? "● " : "▲ "), t(row.closes ? "closes" : "does_not_close"));

function account(rows, state) {
  const sum = Object.fromEntries(COUNTS.map((key) => [key, rows.reduce((all, row) => all + (row[key] || 0), 0)]));
  return make("section", { class: "panel", "aria-labelledby": "account_title" },
    make("header", {}, make("h2", { id: "account_title" }, t("account")), make("p", { class: "note" }, t("account_note"))),
    table({ id: "account", caption: t("account"), state, rows, keyOf: (row) => row.feed, first: { key: "read", down: true }, foot: { sum: true, ...sum, closes: rows.every((row) => row.closes) }, columns: [
      { key: "feed", title: t("source"), cell: (row) => (row.sum ? t("sum") : make("span", { lang: langOfNames(), title: row.feed }, feedName(row.feed))) },
      ...COUNTS.map((key) => ({ key, title: t(`l_${key}`), kind: "number", cell: (row) => whole(row[key]) })),
      { key: "refused", title: t("refused"), kind: "number", value: (row) => (row.read ? row.dead / row.read : null), cell: (row) => percent(row.read ? row.dead / row.read : null) },
      { key: "closes", title: t("account"), value: (row) => (row.closes ? 1 : 0), cell: closes }] }));
}

function partitions({ partitions: rows }, state) {
  return make("section", { class: "panel", "aria-labelledby": "partitions_title" }, make("header", {}, make("h2", { id: "partitions_title" }, t("partitions"))),
    table({ id: "partitions", caption: t("partitions"), state, rows, keyOf: (row) => String(row.part), columns: [
      { key: "part", title: t("partition") }, { key: "next", title: t("next_offset"), kind: "number", cell: (row) => whole(row.next) },
      { key: "tick_ms", title: t("its_clock"), kind: "number", cell: (row) => moment(row.tick_ms) },
      { key: "behind_ms", title: t("is_behind"), kind: "number", cell: (row) => (row.behind_ms === null ? "–" : duration(row.behind_ms / 1000)) }] }));
}

export const title = () => t("v_ledger");

export function draw(state, { fresh, rows, days }, clock) {
  const behind = fresh ? Math.max(0, ...fresh.partitions.map((part) => part.behind_ms || 0)) : null;
  return [fresh && make("div", { class: "tiles" },
    tile({ id: "ledger_open", title: t("ledger"), value: fresh.ledger_open ? t("ledger_open", { n: fresh.ledger_open }) : t("ledger_closes"), tone: fresh.ledger_open ? "bad" : "good", notes: [[t("last_7_days"), ""]] }),
    tile({ id: "fresh_age", title: t("as_of"), value: duration(Math.max(0, fresh.age_ms || 0) / 1000), notes: [[t("ticks_note"), ""]] }),
    tile({ id: "fresh_behind", title: t("reading"), value: duration(behind / 1000), notes: [[t("furthest_behind"), ""]] }),
    tile({ id: "fresh_change", title: t("newest_change"), value: moment(fresh.newest_change, clock.now), notes: [] })),
  bar(rangeChoice(state, days)), account(rows, state), fresh && partitions(fresh, state)];
}
