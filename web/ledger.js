// SPDX-License-Identifier: Apache-2.0
// Whether everything that was read is accounted for, and how far the reading is.
import { get, perhaps, rowsOf } from "./api.js";
import { bar, rangeChoice } from "./control.js";
import { daysOf } from "./days.js";
import { make } from "./dom.js";
import { ageOf, duration, moment, percent, whole } from "./format.js";
import { feedName, langOfNames } from "./names.js";
import { reasonsTable, withRest } from "./refused.js";
import { address } from "./state.js";
import { table } from "./table.js";
import { tile } from "./tile.js";
import { t } from "./words.js";

const COUNTS = ["read", "normalised", "dead", "dropped", "filtered", "events", "distinct_events", "repeated_events", "refused_events"];

export async function ask(state, clock) {
  const days = daysOf(state, clock.day);
  const [fresh, rows, heard, refused] = await Promise.all([perhaps(get("api/freshness")), perhaps(rowsOf("ledger", { ...days, by: "feed" }), []), perhaps(get("api/feeds")),
    perhaps(get("api/refused", { ...days, feed: state.feed }))]);
  return { fresh, rows: withHeard(rows, heard), refused, days };
}

const NOTHING = { ...Object.fromEntries(COUNTS.map((key) => [key, 0])), closes: true };

// Who sent nothing in these days has a row too: when his newest came is what is asked of him.
function withHeard(rows, heard) {
  const known = new Map((heard?.rows || []).map((row) => [row.feed, row]));
  const silent = [...known.keys()].filter((feed) => !rows.some((row) => row.feed === feed)).map((feed) => ({ ...NOTHING, feed }));
  return [...rows, ...silent].map((row) => ({ ...row, ...known.get(row.feed) }));
}

// How old it is; amber where its stations should have been heard since.
function newest(row, clock) {
  if (!row.newest) return "–";
  const due = row.late ? t("feed_was_due", { at: moment(row.due, clock.now) }) : "";
  return make("span", { class: row.late ? "tag hold" : null, title: [moment(row.newest, clock.now), due].filter(Boolean).join(" · ") },
    row.late ? make("span", { "aria-hidden": "true" }, "◐ ") : null, t("ago", { time: ageOf(row.newest, clock) }), row.late ? ` ${t("feed_late")}` : "");
}

const deadCell = (row) => (row.sum || !row.dead ? whole(row.dead) : make("a", { href: address({ feed: row.feed }), title: t("reasons") }, whole(row.dead)));

const closes = (row) => make("span", { class: row.closes ? "good" : "bad" }, make("span", { "aria-hidden": "true" }, row.closes ? "● " : "▲ "), t(row.closes ? "closes" : "does_not_close"));

function account(rows, state, clock) {
  const sum = Object.fromEntries(COUNTS.map((key) => [key, rows.reduce((all, row) => all + (row[key] || 0), 0)]));
  const last = rows.map((row) => row.newest).filter(Boolean).sort((a, b) => Date.parse(b) - Date.parse(a))[0];
  return make("section", { class: "panel", "aria-labelledby": "account_title" },
    make("header", {}, make("h2", { id: "account_title" }, t("account")), make("p", { class: "note" }, t("account_note"))),
    table({ id: "account", caption: t("account"), state, rows, keyOf: (row) => row.feed, first: { key: "read", down: true }, foot: { sum: true, newest: last, ...sum, closes: rows.every((row) => row.closes) }, columns: [
      { key: "feed", title: t("source"), cell: (row) => (row.sum ? t("sum") : make("span", { lang: langOfNames(feedName(row.feed)), title: row.feed }, feedName(row.feed))) },
      { key: "newest", title: t("newest_record"), value: (row) => (row.newest ? Date.parse(row.newest) : null), cell: (row) => newest(row, clock) },
      ...COUNTS.map((key) => ({ key, title: t(`l_${key}`), kind: "number", cell: (row) => (key === "dead" ? deadCell(row) : whole(row[key])) })),
      { key: "refused", title: t("refused"), kind: "number", value: (row) => (row.read ? row.dead / row.read : null), cell: (row) => percent(row.read ? row.dead / row.read : null) },
      { key: "closes", title: t("account"), value: (row) => (row.closes ? 1 : 0), cell: closes }] }));
}

function reasons({ refused, rows, days }, state, clock) {
  const told = withRest(refused.rows, state.feed ? rows.filter((row) => row.feed === state.feed) : rows);
  return make("section", { class: "panel", "aria-labelledby": "reasons_title" },
    make("header", {}, make("h2", { id: "reasons_title" }, t("reasons"), state.feed ? [" · ", make("span", { lang: langOfNames(feedName(state.feed)) }, feedName(state.feed))] : ""),
      state.feed ? make("a", { class: "more", href: address({ feed: "" }) }, t("all_sources")) : make("p", { class: "note" }, t("reasons_note"))),
    told.length ? reasonsTable({ id: "reasons", rows: told, total: refused.total, asked: { from: days.from }, state, now: clock.now })
      : make("p", { class: "none" }, t("nothing_refused")));
}

function partitions({ partitions: rows }, state) {
  return make("section", { class: "panel", "aria-labelledby": "partitions_title" }, make("header", {}, make("h2", { id: "partitions_title" }, t("partitions"))),
    table({ id: "partitions", caption: t("partitions"), state, rows, keyOf: (row) => String(row.part), columns: [
      { key: "part", title: t("partition") }, { key: "next", title: t("next_offset"), kind: "number", cell: (row) => whole(row.next) },
      { key: "tick_ms", title: t("its_clock"), kind: "number", cell: (row) => moment(row.tick_ms) },
      { key: "behind_ms", title: t("is_behind"), kind: "number", cell: (row) => (row.behind_ms === null ? "–" : duration(row.behind_ms / 1000)) }] }));
}

export const title = () => t("v_ledger");

export function draw(state, data, clock) {
  const { fresh, rows, refused, days } = data;
  const behind = fresh ? Math.max(0, ...fresh.partitions.map((part) => part.behind_ms || 0)) : null;
  return [fresh && make("div", { class: "tiles" },
    tile({ id: "ledger_open", title: t("ledger"), value: fresh.ledger_open ? t("ledger_open", { n: fresh.ledger_open }) : t("ledger_closes"), tone: fresh.ledger_open ? "bad" : "good", notes: [[t("last_7_days"), ""]] }),
    tile({ id: "fresh_age", title: t("as_of"), value: duration(Math.max(0, fresh.age_ms || 0) / 1000), notes: [[t("ticks_note"), ""]] }),
    tile({ id: "fresh_record", title: t("newest_came"), value: fresh.newest_record ? ageOf(fresh.newest_record, clock) : "–", notes: [[t("of_all_sources"), moment(fresh.newest_record, clock.now)]] }),
    tile({ id: "fresh_behind", title: t("reading"), value: duration(behind / 1000), notes: [[t("furthest_behind"), ""]] }),
    tile({ id: "fresh_change", title: t("newest_change"), value: moment(fresh.newest_change, clock.now), notes: [] })),
  bar(rangeChoice(state, days)), account(rows, state, clock), refused && reasons(data, state, clock), fresh && partitions(fresh, state)];
}
