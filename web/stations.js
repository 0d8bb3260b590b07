// SPDX-License-Identifier: Apache-2.0
// Every station one cell of a wall, street by street: who is heard, who is late, who is silent, who sends what cannot be
// read. Letters and shapes say it, colours help.
import { get, perhaps, rowsOf, seldom } from "./api.js";
import { bar, choice } from "./control.js";
import { make } from "./dom.js";
import { duration, moment, percent, whole } from "./format.js";
import { hoursWords } from "./hours.js";
import { feedName, langOfNames, placeName, shortName } from "./names.js";
import { reasonsTable } from "./refused.js";
import { address, viewAddress } from "./state.js";
import { table } from "./table.js";
import { t } from "./words.js";

export const SIGNS = { alive: "●", late: "◐", silent: "■", never: "○", unknown: "?", dirty: "▲", closed: "☾" };
const DIRTY = 0.05; // of a source's rows of the day were refused: its number is shown as a bad one
const STATES = ["alive", "late", "silent", "never", "unknown", "dirty", "closed"];
const OF_ALL = ["dirty", "closed"]; // beside a state, not in the place of one

export const every = 15000;
const often = (path, query) => seldom(path, query, every - 1000); // the wall screen draws them in each of its turns

export async function ask(state, clock) {
  const today = { from: clock.day, to: clock.day };
  const [wall, feeds, why] = await Promise.all([perhaps(often("api/stations")), perhaps(rowsOf("ledger", { by: "feed", ...today }, often), []),
    state.station ? perhaps(get("api/refused", { ...today, station: state.station })) : null]);
  if (!wall) return null;
  return { now: wall.now_ms, counts: wall.counts, feeds, why, day: clock.day, rows: wall.rows.map((row) => ({ ...row, dirty: row.refused > 0 })) };
}

export const head = (data) => (data ? { stations: data.counts } : {});

const isShown = (row, want) => !want || (want === "dirty" ? row.dirty : want === "closed" ? row.open === false : row.state === want);
// "静默自 11-26 10:24": since when it is late or silent, not when it was heard last.
const sinceWhen = (row, now) => (row.since && (row.state === "silent" || row.state === "late") ? t(`${row.state}_since`, { at: moment(row.since, now) }) : "");
const says = (row, now) => `${row.name || row.station} ${sinceWhen(row, now) || t(`st_${row.state}`)}${row.open === false ? ` ${t("st_closed")}` : ""}${row.dirty ? ` ${t("refused_n", { n: row.refused })}` : ""} ${t("heard")} ${moment(row.seen, now)}`;

// One stop for the tabulator; arrows walk from there, whatever the order of rows.
function walk(event) {
  const cells = [...document.querySelectorAll("#wall a")], at = cells.indexOf(document.activeElement);
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8, Home: -at, End: cells.length - 1 - at }[event.key];
  if (step === undefined || at < 0) return;
  event.preventDefault();
  cells[Math.min(cells.length - 1, Math.max(0, at + step))].focus();
}

function cell(row, state, now, first) {
  return make("li", { "data-key": row.station }, make("a", { href: address({ station: row.station }), class: `station ${row.state}${row.dirty ? " dirty" : ""}`,
    tabindex: (state.station ? state.station === row.station : first) ? null : "-1", "aria-label": says(row, now), title: says(row, now),
    "aria-current": state.station === row.station ? "true" : null },
  make("span", { "aria-hidden": "true" }, SIGNS[row.state]), row.dirty ? make("span", { class: "flag", "aria-hidden": "true" }, SIGNS.dirty) : null,
  row.open === false ? make("span", { class: "flag night", "aria-hidden": "true" }, SIGNS.closed) : null));
}

export function wallOf(rows, state, now) {
  const streets = new Map();
  for (const row of rows) streets.set(row.street_code || "", [...(streets.get(row.street_code || "") || []), row]);
  let first = true;
  return make("div", { id: "wall", class: "wall", onkeydown: walk }, [...streets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([street, found]) =>
    make("section", { "data-key": street || "none" }, make("h3", { lang: langOfNames() }, street ? shortName(placeName(street)) : t("no_place")),
      make("ul", {}, found.map((row) => {
        const made = cell(row, state, now, first);
        first = false;
        return made;
      })))));
}

const hoursNow = (row) => (!row.hours ? "–" : typeof row.open !== "boolean" ? hoursWords(row.hours) : t("hours_now", { hours: hoursWords(row.hours), open: t(row.open ? "is_open" : "is_closed") }));

function detail(row, now, { why, day }, state) {
  const facts = [[t("state"), `${SIGNS[row.state]} ${sinceWhen(row, now) || t(`st_${row.state}`)}`], [t("heard"), moment(row.seen, now)], [t("heard_via"), row.via ? feedName(row.via) : "–"], [t("next_due"), moment(row.due, now)],
    [t("cadence"), row.cadence || "–"], [t("hours"), hoursNow(row)], [t("source"), row.family ? feedName(row.family) : "–"], [t("refused_today"), whole(row.refused)], [t("place"), placeName(row.street_code)]];
  return make("section", { class: "panel", "aria-labelledby": "station_title" },
    make("header", {}, make("h2", { id: "station_title", lang: langOfNames() }, `${row.name || row.station} (${row.station})`),
      make("a", { class: "more", href: viewAddress("cases", { station: row.station }) }, t("its_cases"))),
    make("dl", { class: "facts" }, facts.map(([label, value]) => make("div", {}, make("dt", {}, label), make("dd", {}, value)))),
    why?.rows.length ? reasonsTable({ id: "station_reasons", rows: why.rows, total: why.total, asked: { station: row.station, from: day }, state, now }) : null,
    row.refused && !why?.rows.length ? make("p", { id: "refused_why", class: "note" }, t("refused_why"), " ", make("code", {}, `citybrain dead group --station ${row.station}`)) : null);
}

function feedTable(feeds, state) {
  return make("section", { class: "panel", "aria-labelledby": "feeds_title" }, make("header", {}, make("h2", { id: "feeds_title" }, t("sources_today"))),
    table({ id: "feeds", caption: t("sources_today"), state, rows: feeds, keyOf: (row) => row.feed, columns: [
      { key: "feed", title: t("source"), cell: (row) => make("span", { lang: langOfNames(feedName(row.feed)), title: row.feed }, feedName(row.feed)) }, { key: "read", title: t("l_read"), kind: "number", cell: (row) => whole(row.read) },
      { key: "dead", title: t("l_dead"), kind: "number", cell: (row) => whole(row.dead) },
      { key: "refused", title: t("refused"), kind: "number", value: (row) => (row.read ? row.dead / row.read : null),
        cell: (row) => make("span", { class: row.read && row.dead / row.read >= DIRTY ? "late" : "" }, percent(row.read ? row.dead / row.read : null)) }] }));
}

// Since when nothing was heard of it.
const since = (row, now) => (row.seen ? [moment(row.seen, now), " ", make("span", { class: "soft" }, t("ago", { time: duration((now - Date.parse(row.seen)) / 1000) }))] : "–");

const listTable = (rows, state, now) => table({ id: "station_rows", caption: t("stations"), state, rows, keyOf: (row) => row.station, first: { key: "seen" }, columns: [
  { key: "station", title: t("station"), cell: (row) => make("a", { href: address({ station: row.station }) }, row.station) },
  { key: "name", title: t("name"), value: (row) => row.name, cell: (row) => make("span", { lang: langOfNames() }, row.name || "–") },
  { key: "state", title: t("state"), cell: (row) => [make("span", { "aria-hidden": "true" }, `${SIGNS[row.state]} `), t(`st_${row.state}`), row.since ? make("span", { class: "soft station_since" }, t("since_when", { at: moment(row.since, now) })) : "", row.dirty ? ` ${SIGNS.dirty} ${t("st_dirty")}` : "", row.open === false ? ` ${SIGNS.closed} ${t("st_closed")}` : ""] },
  { key: "refused", title: t("refused_today"), kind: "number", cell: (row) => whole(row.refused) },
  { key: "place", title: t("street"), value: (row) => placeName(row.street_code), cell: (row) => make("span", { lang: langOfNames() }, placeName(row.street_code)) },
  { key: "seen", title: t("heard"), value: (row) => (row.seen ? Date.parse(row.seen) : null), cell: (row) => since(row, now) },
  { key: "cadence", title: t("cadence"), cell: (row) => row.cadence || "–" },
  { key: "due", title: t("next_due"), cell: (row) => moment(row.due, now) }] });

export const title = () => t("v_stations");

export function draw(state, data) {
  if (!data) return [make("p", { class: "none" }, t("forbidden"))];
  if (data.now === 0) return [make("p", { class: "none", id: "not_known" }, t("stations_not_known")), feedTable(data.feeds, state)]; // no tick yet
  const { rows, now, feeds } = data, shown = rows.filter((row) => isShown(row, state.state));
  const count = (want) => rows.filter((row) => isShown(row, want)).length;
  const chosen = rows.find((row) => row.station === state.station);
  return [bar(choice(t("show"), [["", `${t("all")} ${rows.length}`], ...STATES.filter((one) => count(one) || one === state.state).map((one) => [one, `${OF_ALL.includes(one) ? `${t("of_these")} ` : ""}${SIGNS[one]} ${t(`st_${one}`)} ${count(one)}`])],
    state.state || "", (one) => ({ state: one, station: "" }))),
  chosen && detail(chosen, now, data, state),
  make("section", { class: "panel", "aria-labelledby": "wall_title" }, make("header", {}, make("h2", { id: "wall_title" }, t("wall"), shown.length < rows.length ? make("span", { id: "wall_of", class: "note" }, ` ${t("rows_of", { n: whole(shown.length), of: whole(rows.length) })}`) : ""), make("p", { class: "note" }, t("wall_note"))),
    wallOf(shown, state, now), make("details", { open: Boolean(state.state), "data-key": `station_list_${state.state || "all"}` }, make("summary", {}, t("table")), listTable(shown, state, now))),
  feedTable(feeds, state)];
}
