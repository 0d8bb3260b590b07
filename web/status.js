// SPDX-License-Identifier: Apache-2.0
// How old the numbers are, whether the account closes, who is silent, what waits: always in view, whatever else is.
import { notice } from "./announce.js";
import { get, perhaps, seldom } from "./api.js";
import { hasCharts } from "./chart.js";
import { byId, fill, make } from "./dom.js";
import { ageOf, clockOf, dayOf, duration, setZone, whole } from "./format.js";
import { viewAddress } from "./state.js";
import { t } from "./words.js";

const OLD_MS = 120000; // ticks come every 30 s
const QUIET_MS = 1800000; // by night a district sends less, but half an hour of nothing is worth a look

const sumOf = (counts) => counts && Object.values(counts).reduce((sum, n) => sum + n, 0);

export async function askStatus() {
  const [clock, fresh, stations, desk] = await Promise.all([get("api/clock"), perhaps(get("api/freshness")), perhaps(seldom("api/stations", { state: "silent" })), perhaps(seldom("api/desk", { limit: 1, over: "no" }))]);
  setZone(clock.zone_minutes);
  return { clock, fresh, stations: stations?.counts, waiting: sumOf(desk?.waiting), emergencies: desk?.waiting.emergency };
}

const item = (label, state, text, href) => make("li", {},
  make(href ? "a" : "span", { href, class: `status ${state}` },
    make("span", { class: "what" }, label), make("span", { class: "glyph", "aria-hidden": "true" }, { good: "●", warn: "◆", bad: "▲", none: "○" }[state]), text));

function ledgerItem(fresh) {
  if (!fresh) return null;
  const open = fresh.ledger_open;
  return item(t("ledger"), open ? "bad" : "good", open ? t("ledger_open", { n: open }) : t("ledger_closes"), viewAddress("ledger"));
}

const behindOf = (fresh) => Math.max(0, ...fresh.partitions.map((part) => part.behind_ms || 0));

// Who has read all keeps up as well when nobody sends: that is not green.
function readingItem(fresh, clock) {
  if (!fresh) return null;
  const behind = behindOf(fresh), quiet = clock.now + (clock.age_ms || 0) - Date.parse(fresh.newest_record);
  if (behind <= 60000 && !fresh.newest_record) return item(t("reading"), "none", t("nothing_yet"), viewAddress("ledger"));
  if (behind <= 60000 && !(clock.now > 0)) return item(t("reading"), "none", t("waits_for_tick"), viewAddress("ledger"));
  return behind > 60000 ? item(t("reading"), "warn", t("behind", { time: duration(behind / 1000) }), viewAddress("ledger"))
    : quiet > QUIET_MS ? item(t("reading"), "none", t("nothing_comes", { time: duration(quiet / 1000) }), viewAddress("ledger"))
      : item(t("reading"), "good", t("keeps_up"), viewAddress("ledger"));
}

function stationItem(counts) {
  if (!counts) return null;
  if (counts.silent === null) return item(t("stations"), "none", t("waits_for_tick"), viewAddress("stations"));
  if (!counts.silent && counts.never) return item(t("stations"), "none", t("never_n", { n: whole(counts.never) }), viewAddress("stations"));
  return item(t("stations"), counts.silent ? "warn" : "good", counts.silent ? t("silent_n", { n: whole(counts.silent) }) : t("none_silent"), viewAddress("stations", { state: counts.silent ? "silent" : "" }));
}

function deskItem(waiting, emergencies) {
  if (waiting === null || waiting === undefined) return null;
  if (emergencies) return item(t("desk"), "bad", t("emergencies_n", { n: whole(emergencies), of: whole(waiting) }), viewAddress("desk"));
  return item(t("desk"), waiting ? "warn" : "good", t("waiting_n", { n: whole(waiting) }), viewAddress("desk"));
}

// A tick comes whether or not anybody sends: when the newest record came is another question.
function showNewest(clock, record) {
  byId("came").textContent = record ? `${t("newest_short")} ${t("ago", { time: ageOf(record, clock) })}` : "";
  byId("came").title = record ? `${dayOf(Date.parse(record))} ${clockOf(Date.parse(record))}` : "";
}

export function showStatus({ clock, fresh, stations, waiting, emergencies }) {
  const known = clock.now > 0;
  const age = Math.max(0, clock.age_ms || 0) / 1000;
  const at = known ? `${dayOf(clock.now)} ${clockOf(clock.now)}` : t("no_tick");
  if (byId("clock").textContent !== at) byId("clock").textContent = at;
  byId("age").textContent = known ? t("ago", { time: duration(age) }) : t("waits_for_tick");
  byId("age").className = known && clock.age_ms > OLD_MS ? "bad" : "";
  showNewest(clock, fresh?.newest_record);
  fill(byId("status"), [ledgerItem(fresh), readingItem(fresh, clock), stationItem(stations), deskItem(waiting, emergencies)]);
  const bad = known ? (clock.age_ms > OLD_MS ? t("stands_still", { at, time: duration(age) }) : "") : t("clock_unset");
  const soft = hasCharts() ? "" : t("no_charts");
  notice([bad, soft].filter(Boolean).join("\n"), bad ? "" : "soft");
}
