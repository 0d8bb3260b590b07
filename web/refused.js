// SPDX-License-Identifier: Apache-2.0
// Why rows were refused: reason by reason, how many, since when, and what to type to see one.
import { make } from "./dom.js";
import { isNothing, moment, percent, whole } from "./format.js";
import { feedName, langOfNames } from "./names.js";
import { table } from "./table.js";
import { language, t } from "./words.js";

export const MOST_REASONS = 100;

const sentence = (row) => (isNothing(row.reason) ? t("reason_not_told") : row[language()] || row.reason);

// One click marks it whole.
export const command = (words) => make("code", { class: "command", title: t("click_to_copy") }, words);

const toSee = (row, { station, from }) => ["citybrain dead ls --feed", row.feed, row.reason ? `--code ${row.reason}` : "", station ? `--station ${station}` : "", from ? `--since ${from}` : ""].filter(Boolean).join(" ");

// What the ledger counts and no reason is told of: written before reasons were.
export function withRest(rows, account) {
  const told = new Map();
  for (const row of rows) told.set(row.feed, (told.get(row.feed) || 0) + row.rows);
  const rest = account.map(({ feed, dead }) => ({ feed, reason: null, rows: (dead || 0) - (told.get(feed) || 0), first: null, last: null }));
  return [...rows, ...rest.filter((row) => row.rows > 0)];
}

// asked: {from, station}, as the command is to ask; total: of how many reasons these are the first.
export function reasonsTable({ id, rows, total, asked, state, now }) {
  const all = rows.reduce((sum, row) => sum + row.rows, 0), of = Math.max(total || 0, rows.length), shown = Math.min(rows.length, MOST_REASONS);
  return [table({ id, caption: t("reasons"), state, rows, most: MOST_REASONS, keyOf: (row) => `${row.feed} ${row.reason}`, first: { key: "rows", down: true }, columns: [
    { key: "feed", title: t("source"), value: (row) => feedName(row.feed), cell: (row) => make("span", { lang: langOfNames(feedName(row.feed)), title: row.feed }, feedName(row.feed)) },
    { key: "reason", title: t("reason_why"), value: sentence, cell: (row) => [sentence(row), row.reason ? make("span", { class: "below soft" }, row.reason) : null] },
    { key: "rows", title: t("l_dead"), kind: "number", cell: (row) => whole(row.rows) },
    { key: "share", title: t("share"), kind: "number", value: (row) => row.rows, cell: (row) => percent(row.rows / all) },
    { key: "first", title: t("first_time"), value: (row) => (row.first ? Date.parse(row.first) : null), cell: (row) => moment(row.first, now) },
    { key: "last", title: t("last_time"), value: (row) => (row.last ? Date.parse(row.last) : null), cell: (row) => moment(row.last, now) },
    { key: "see", title: t("to_see_one"), fixed: true, cell: (row) => command(toSee(row, asked)) }] }),
  of > shown ? make("p", { id: `${id}_of`, class: "after note" }, t("rows_of", { n: whole(shown), of: whole(of) })) : null];
}
