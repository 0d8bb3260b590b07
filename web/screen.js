// SPDX-License-Identifier: Apache-2.0
// The wall screen: one look from across the room, nothing to press, nothing that scrolls, nothing that is cut off.
import { get, perhaps, rowsOf, seldom } from "./api.js";
import { caseTable } from "./case_rows.js";
import { cycle } from "./cycle.js";
import { byId, make } from "./dom.js";
import { momentsOf, shift } from "./days.js";
import { sentenceOf } from "./firing.js";
import { duration, moment, whole } from "./format.js";
import { isKeptBy, langOfNames, placeName, shortName, triggerName } from "./names.js";
import * as overview from "./overview.js";
import { FEW } from "./picture.js";
import * as stations from "./stations.js";
import { viewAddress } from "./state.js";
import { t } from "./words.js";

const LINES = 8, DAYS = 7;

export async function ask(state, clock) {
  const [district, wall, desk, emergencies, triggers, places] = await Promise.all([overview.ask(state, clock), stations.ask(state, clock), perhaps(seldom("api/desk", { limit: 1, over: "no" })), perhaps(seldom("api/desk", { cause: "emergency", order: "due", limit: LINES })),
    perhaps(get("api/triggers", { ...momentsOf({ from: shift(clock.day, 1 - DAYS), to: clock.day }), limit: LINES, over: "no" })), isKeptBy("response_time", ["street_code"]) ? perhaps(rowsOf("response_time", { from: shift(clock.day, 1 - DAYS), to: clock.day, by: "street_code" }, seldom), []) : []]);
  return { ...district, wall, desk, emergencies, triggers, slow: places };
}

const panel = (id, title, ...body) => make("section", { class: "panel", id: `screen_${id}`, "aria-labelledby": `${id}_title` }, make("header", {}, make("h2", { id: `${id}_title` }, title)), body);

function stationPanel(wall) {
  const rows = wall?.rows || [], count = (state) => (wall?.now === 0 ? null : rows.filter((row) => row.state === state).length);
  return panel("stations", t("stations"),
    make("ul", { class: "legend" }, ["alive", "late", "silent", "never"].map((state) => make("li", {}, make("span", { class: `sign ${state}`, "aria-hidden": "true" }, stations.SIGNS[state]), ` ${t(`st_${state}`)} `, make("b", {}, whole(count(state)))))),
    make("ul", { class: "dots", "aria-hidden": "true" }, rows.map((row) => make("li", { "data-key": row.station, class: `sign ${row.state}` }, stations.SIGNS[row.state]))));
}

function deskPanel(desk) {
  const waiting = Object.entries(desk?.waiting || {}).sort(([a, n], [b, m]) => (b === "emergency") - (a === "emergency") || m - n);
  return panel("desk", t("desk"), waiting.length ? make("ul", { class: "causes" }, waiting.map(([cause, n]) => make("li", { "data-key": cause }, make("span", {}, t(`cause_${cause}`)), make("b", {}, whole(n)))))
    : make("p", { class: "none" }, t("nothing_waits")));
}

const triggerPanel = (triggers, now) => panel("triggers", t("v_triggers"), triggers?.rows.length
  ? make("ul", { class: "found" }, triggers.rows.map((row) => make("li", { "data-key": row.case }, make("span", { class: "soft" }, moment(row.fired, now)), " ", make("b", { lang: langOfNames(triggerName(row.trigger)) }, triggerName(row.trigger)),
    make("p", { lang: langOfNames(sentenceOf(row)) }, sentenceOf(row)))))
  : make("p", { class: "none" }, t("nothing")));

// Where residents wait the longest to be called, the slowest first; a median of few says little, and comes behind.
function slowPanel(slow) {
  const rows = slow.filter((row) => row.street_code && row.contact_n).sort((a, b) => (b.contact_n >= FEW) - (a.contact_n >= FEW) || b.contact_p50_seconds - a.contact_p50_seconds);
  return panel("slow", t("slow_streets", { n: DAYS }), rows.length ? make("ul", { class: "slow" }, rows.map((row) => make("li", { "data-key": row.street_code, class: row.contact_n < FEW ? "soft" : null },
    make("span", { lang: langOfNames(placeName(row.street_code)) }, shortName(placeName(row.street_code))), make("b", {}, duration(row.contact_p50_seconds)), make("span", { class: "soft" }, t("n_of", { n: whole(row.contact_n) })))))
    : make("p", { class: "none" }, t("nothing")));
}

// Emergencies before all else that is urgent, each with its limit.
function urgentPanel({ emergencies, urgent }, now, state) {
  const first = emergencies?.rows || [], known = new Set(first.map((row) => row.case)), rows = [...first, ...(urgent?.rows || []).filter((row) => !known.has(row.case))];
  return panel("urgent", t("urgent"), emergencies || urgent ? caseTable({ id: "urgent", caption: t("urgent"), rows, now, state, columns: ["case", "due", "type", "unit"] }) : null);
}

export const title = () => t("v_screen");

export function draw(state, data, clock, status) {
  return [make("p", { class: "leave" }, make("a", { href: viewAddress("overview"), id: "leave_screen" }, t("leave_screen"))),
    overview.tiles(data, clock, status),
    make("div", { class: "board_row" }, overview.inflow(data, clock, state, status), overview.board(data, clock.day)),
    make("div", { class: "last_row" },
      urgentPanel(data, clock.now, state),
      deskPanel(data.desk), slowPanel(data.slow), stationPanel(data.wall), triggerPanel(data.triggers, clock.now))];
}

export function after(state, data, clock, status) {
  overview.after(state, data, clock, status);
  cycle(byId("view"));
}
