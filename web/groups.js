// SPDX-License-Identifier: Apache-2.0
// What rows of any view are made by: what a group or a bucket of days is called, what its codes are called, and which cases lie
// behind a row.
import { NOT_CLOSED } from "./case_rows.js";
import { shift } from "./days.js";
import { clockOf, dayOf, isNothing } from "./format.js";
import { communityName, feedName, fieldName, limitName, placeName, ruleWords, stationName, triggerName, typeName, unitName, valueName } from "./names.js";
import { viewAddress } from "./state.js";
import { t } from "./words.js";

export const TOTAL = "total"; // in the place of groups: one row of all

const two = (n) => String(n).padStart(2, "0");
// Of the ledger an hour is a moment, of views one of a day's.
const hourWords = (hour) => (typeof hour === "string" ? `${dayOf(Date.parse(hour))} ${clockOf(Date.parse(hour)).slice(0, 5)}` : `${two(hour)}:00`);

// title: of the column; listed: the word by which a list of cases is narrowed to a code
const GROUPS = {
  unit: { title: "group_unit", name: unitName, listed: "unit" }, co_unit: { title: "helpers", name: unitName },
  street_code: { title: "group_street_code", name: placeName, listed: "street" }, community_code: { title: "community", name: communityName, listed: "community" },
  accepted_in: { title: "accepted_in", name: placeName }, type_code: { title: "type", name: typeName, listed: "type" }, station: { title: "station", name: stationName, listed: "station" },
  rule: { title: "rule", name: ruleWords }, trigger: { title: "trigger", name: triggerName }, feed: { title: "source", name: feedName },
  limit_class: { title: "limit_class", name: limitName }, line: { title: "line" }, estate_code: { title: "estate" },
  day: { title: "day" }, noon_day: { title: "noon_day" }, month: { title: "month", name: (day) => day.slice(0, 7) }, period_19: { title: "period" }, hour: { title: "hour", name: hourWords },
};
const UNKNOWN = { unit: "not_dispatched", street_code: "no_place", community_code: "no_place", type_code: "no_type" };

// What stands in an adopter's own codes.csv has its name in fields.csv.
export const groupTitle = (by) => (by === TOTAL ? t("sum") : fieldName(by, GROUPS[by] ? t(GROUPS[by].title) : by));

// Of which kind of case the rows are: a rule may be called as a stage of it.
export function codeName(by, code, kind) {
  if (code === "" || isNothing(code)) return t(UNKNOWN[by] || "no_code");
  return GROUPS[by]?.name ? GROUPS[by].name(code, kind) : valueName(by, code);
}

// The last day of a bucket, by its first.
const beyond = (day) => shift(`${day.slice(0, 8)}01`, 32).slice(0, 8);
const LASTS = { day: (day) => day, month: (day) => shift(`${beyond(day)}01`, -1), period_19: (day) => `${beyond(day)}18` };

const later = (a, b) => (!b || a > b ? a : b), earlier = (a, b) => (!b || a < b ? a : b);

// The stocks that a list can show, by what docs/views.md calls them.
const STOCKS = { open: { state: NOT_CLOSED }, overdue: { overdue: "yes" } };

// Which cases a row counts, as the address of a list; null where no list can say just these. A list's days are those of opening, and
// it has the excluded too.
export function casesBehind({ view, by, days, scope, type }, row) {
  const isOfOpening = view.cohort === "opened", stock = !view.cohort && STOCKS[view.columns[0].measure];
  if (scope === "net" || !(isOfOpening || stock)) return null;
  const words = { kind: view.kind, type, ...(isOfOpening ? days : { from: "", to: "", ...stock }) };
  for (const name of by) {
    const last = isOfOpening && LASTS[name]?.(row[name]);
    if (last) Object.assign(words, { from: later(row[name], days.from), to: earlier(last, days.to) });
    else if (GROUPS[name]?.listed && row[name]) words[GROUPS[name].listed] = row[name];
    else return null;
  }
  return view.kind && view.each === "case" ? viewAddress("cases", { ...words, from: words.from || "", to: words.to || "" }) : null;
}
