// SPDX-License-Identifier: Apache-2.0
// The district now: what came in, what stands open, what is late, who has it.
import { get, oneOf, perhaps, rowsOf, seldom } from "./api.js";
import { caseTable, NOT_CLOSED } from "./case_rows.js";
import { didAddress, NOWHERE } from "./cases.js";
import { draw as drawChart, figure, mark } from "./chart.js";
import { shift } from "./days.js";
import { make } from "./dom.js";
import { dayOf, duration, hourOf, percent, shareOfHour, whole } from "./format.js";
import { langOfNames, placeName, shortName, streets } from "./names.js";
import { inflowPicture } from "./picture.js";
import { viewAddress } from "./state.js";
import { table } from "./table.js";
import { about, tile } from "./tile.js";
import { t } from "./words.js";

const two = (n) => String(n).padStart(2, "0");

export async function ask(state, clock) {
  const today = { from: clock.day, to: clock.day }, before = { from: shift(clock.day, -1), to: shift(clock.day, -1) };
  const [one, times, total, flow, past, stock, overdue, places, urgent, newest, desk, again, disputes] = await Promise.all([
    oneOf("closure_rate", today), oneOf("response_time", today), oneOf("closure_rate", { from: shift(clock.day, -29), to: clock.day }, seldom), rowsOf("inflow", { ...today, by: "hour" }),
    rowsOf("inflow", { ...before, by: "hour" }, seldom), perhaps(oneOf("backlog", {}), {}), perhaps(oneOf("overdue", {}), {}),
    perhaps(rowsOf("places", { ...today, by: "street_code" }), []), perhaps(get("api/cases", { kind: "request", order: "due", limit: 8 })),
    perhaps(get("api/cases", { kind: "request", limit: 8 })), perhaps(seldom("api/desk", { limit: 1, over: "no" })),
    perhaps(oneOf("repeat", today)), perhaps(oneOf("dispute", today))]);
  return { one, times, total, flow, past, stock, overdue, places, urgent, newest, desk, again, disputes };
}

// A district that began yesterday at noon has no yesterday to be held against; one that listened before it has, however quiet its hours. Who may not
// know since when it listens is told by his own cases from before.
const isWholeDay = ({ past, one, total }, { fresh }, clock) => (fresh ? Boolean(fresh.first_hour) && dayOf(Date.parse(fresh.first_hour)) < shift(clock.day, -1)
  : (total.opened || 0) > (one.opened || 0) + past.reduce((sum, row) => sum + row.opened, 0));

// An hour without a row is a quiet one: of a yesterday that is not whole nobody knows.
function hoursOf(data, clock, status) {
  const none = isWholeDay(data, status, clock) ? 0 : null;
  return [...Array(24).keys()].map((hour) => ({ hour, opened: 0, closed_in: 0,
    ...data.flow.find((row) => row.hour === hour), before: data.past.find((row) => row.hour === hour)?.opened ?? none }));
}

const listed = (words) => viewAddress("cases", { kind: "request", from: "", to: "", ...words }); // stocks and lists are of requests, of any day

// Yesterday's whole hours, and of the one that is not over now as much as has passed of it: about as many.
function soFar(past, now) {
  const hour = hourOf(now), part = (row) => (row.hour < hour ? 1 : row.hour === hour ? shareOfHour(now) : 0);
  return Math.round(past.reduce((sum, row) => sum + row.opened * part(row), 0));
}

function yesterdaySoFar(data, clock, status) {
  if (isWholeDay(data, status, clock)) return about(whole(soFar(data.past, clock.now)));
  return data.past.length ? t("not_kept") : null;
}

// What happened today, whenever it was opened, and the list of just these; a view may be without it.
function happened(key, did, n, day) {
  if (n === undefined || n === null) return null;
  const href = n > 0 && didAddress(did, { from: day, to: day });
  return [t(key), href ? make("a", { href }, whole(n)) : whole(n), key];
}

export function tiles(data, clock, status) {
  const { one, times, total, stock, overdue, desk, again, disputes } = data, before = yesterdaySoFar(data, clock, status);
  return make("div", { class: "tiles" },
    tile({ id: "today", title: t("opened_today"), value: whole(one.opened || 0), href: listed({ from: clock.day, to: clock.day }),
      notes: [[t("not_closed"), whole((one.opened || 0) - (one.closed || 0)), "today_note"], before && [t("yesterday_sofar"), before, "yesterday_note"]] }),
    tile({ id: "closed", title: t("closed_today"), value: whole(one.closed_in || 0), notes: [happened("reopened_today", "reopened", again?.reopened_in, clock.day), happened("upheld_today", "upheld", disputes?.upheld_in, clock.day)], words: t("any_day") }),
    tile({ id: "backlog", title: t("backlog"), value: whole(stock.open ?? null), href: listed({ state: NOT_CLOSED }), notes: [[t("held"), whole(stock.held ?? null)], [t("merged_too"), "", "merged_too"]] }),
    tile({ id: "overdue", title: t("overdue"), value: whole(overdue.overdue ?? null), tone: overdue.overdue ? "bad" : "", href: listed({ overdue: "yes", order: "due" }),
      notes: [[t("of_backlog"), stock.open ? percent((overdue.overdue || 0) / stock.open) : "–"], desk && [t("desk_overdue"), whole(desk.waiting.overdue || 0), "desk_overdue"]] }),
    tile({ id: "rate", title: t("rate_today"), value: percent(one.opened ? one.rate : null), href: viewAddress("units", { range: "today" }),
      notes: [[t("range_month"), percent(total.rate), "all_rate"], [t("opened"), whole(total.opened), "opened"]] }),
    tile({ id: "contact", title: t("m_contact"), words: t("of_today"), value: about(duration(times.contact_p50_seconds)), href: viewAddress("times", { measure: "contact", range: "today", from: "", to: "" }),
      notes: [[t("p90"), about(duration(times.contact_p90_seconds)), "contact90"]] }),
    tile({ id: "p50", title: t("m_full"), words: t("of_today"), value: about(duration(times.full_p50_seconds)), href: viewAddress("times", { measure: "full", range: "today", from: "", to: "" }),
      notes: [[t("p90"), about(duration(times.full_p90_seconds)), "p90"]] }));
}

export function inflow(data, clock, state, status) {
  const hours = hoursOf(data, clock, status), last = hourOf(clock.now);
  return figure({ id: "inflow", title: t("inflow"), height: 232, rows: hours.length,
    legend: [mark("in", t("opened")), mark("out line", t("closed")), mark("dash", t("yesterday_opened"))],
    body: table({ id: "inflow_rows", caption: t("inflow"), state, rows: hours.filter((row) => row.hour <= last), columns: [
      { key: "hour", title: t("hour"), fixed: true, cell: (row) => `${two(row.hour)}:00` },
      { key: "opened", title: t("opened"), kind: "number", fixed: true },
      { key: "closed_in", title: t("closed"), kind: "number", fixed: true },
      { key: "before", title: t("yesterday_opened"), kind: "number", fixed: true, cell: (row) => whole(row.before) }] }) });
}

const tierOf = (row) => (!row || !row.opened ? "none" : row.done / row.opened >= 0.9 ? "good" : row.done / row.opened >= 0.7 ? "fair" : "poor");

// Every street, in the order people know, so that each has its place; how much came and how much of it is done.
export function board({ places }, day) {
  const known = new Map(places.map((row) => [row.street_code, row]));
  const most = Math.max(1, ...places.map((row) => row.opened));
  const codes = [...new Set([...streets().map((place) => place.code), ...known.keys()])];
  return make("section", { class: "panel", "aria-labelledby": "board_title" },
    make("header", {}, make("h2", { id: "board_title" }, t("board")),
      make("p", { class: "legend", "aria-hidden": "true" }, mark("most", t("opened")), mark("in", t("done")))),
    codes.length ? make("ul", { id: "board", class: "board" }, codes.map((code) => {
      const row = known.get(code) || { opened: 0, done: 0 }, name = placeName(code);
      return make("li", { "data-key": code || "none" }, make("a", { href: code ? viewAddress("place", { street: code, range: "today" }) : listed({ street: NOWHERE, from: day, to: day }), class: `cell ${tierOf(row)}`,
        "aria-label": `${name} ${t("opened")} ${row.opened} ${t("done")} ${row.done}`, title: `${name} · ${t("opened")} ${row.opened} · ${t("done")} ${row.done}` },
      make("span", { class: "name", lang: langOfNames() }, shortName(name)), make("b", {}, whole(row.opened)),
      make("span", { class: "gauge", "aria-hidden": "true" }, make("i", { class: "all", style: { width: `${100 * row.opened / most}%` } }),
        make("i", { class: "part", style: { width: `${100 * row.done / most}%` } }))));
    })) : make("p", { class: "none" }, t("nothing")));
}

const list = (id, title, page, clock, state, columns, href, more) => make("section", { class: "panel", "aria-labelledby": `${id}_title` },
  make("header", {}, make("h2", { id: `${id}_title`, title: id === "urgent" ? t("urgent_rule") : null }, title), make("a", { class: "more", href }, more)),
  page ? caseTable({ id, caption: title, rows: page.rows, now: clock.now, state, columns }) : make("p", { class: "none" }, t("forbidden")));

export const title = () => t("v_overview");

export function draw(state, data, clock, status) {
  return [tiles(data, clock, status),
    make("div", { class: "pair wide" }, inflow(data, clock, state, status), board(data, clock.day)),
    make("div", { class: "pair" },
      list("urgent", t("urgent"), data.urgent, clock, state, ["case", "due", "type", "unit"], listed({ order: "due" }), t("all")),
      list("newest", t("newest"), data.newest, clock, state, ["case", "opened", "type", "place", "state"], listed({}), t("all")))];
}

export function after(state, data, clock, status) {
  drawChart("inflow", inflowPicture(hoursOf(data, clock, status), hourOf(clock.now)));
}
