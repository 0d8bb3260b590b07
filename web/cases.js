// SPDX-License-Identifier: Apache-2.0
// Cases by what they have in common, page by page.
import { get, oneOf, perhaps } from "./api.js";
import { caseTable, NOT_CLOSED, NOT_DONE } from "./case_rows.js";
import { bar, choice, daysWords, kindChoice, openedChoice, streetChoice, typeChoice } from "./control.js";
import { lengthOf, momentsOf, newestOf, ownDays } from "./days.js";
import { make } from "./dom.js";
import { whole } from "./format.js";
import { isKeptBy, isUnit, langOfNames, placeName, typesAsked, unitName } from "./names.js";
import { address, viewAddress } from "./state.js";
import { t } from "./words.js";

export const NOWHERE = "none"; // what nobody could place, as the API calls it
const PAGE = 100, MOST_PAGES = 20;
const COLUMNS = ["case", "state", "type", "place", "unit", "opened", "due"];

// What happened in these days, whenever the case was opened: it was reopened, or a dispute of it was upheld.
const DID = ["reopened", "upheld"], MOST_DAYS = 366; // as many as the API looks for
const didDays = (state) => {
  const days = DID.includes(state.did) && ownDays({ from: state.did_from, to: state.did_to });
  return days?.from && days.to ? newestOf(days, MOST_DAYS) : null;
};

// The list of just those, district or place; of days without an end, or of more than are listed at once, there is none.
export const didAddress = (did, { from, to }, words = {}) => (lengthOf({ from, to }) <= MOST_DAYS ? viewAddress("cases", { kind: "request", from: "", to: "", did, did_from: from, did_to: to, ...words }) : null);

function didAsked(state) {
  const days = didDays(state), { from, to } = days ? momentsOf(days) : {};
  return days ? { [`${state.did}_from`]: from, [`${state.did}_to`]: to } : {};
}

// As many pages as the address says, so that a refresh shows them all anew.
export async function askCases(query, days, pages = 1) {
  const rows = [];
  let after, counted;
  for (let n = 0; n < Math.min(pages, MOST_PAGES); n++) {
    const page = await get("api/cases", { ...query, ...momentsOf(days), limit: PAGE, after, count: after ? "" : query.count });
    rows.push(...page.rows);
    counted = counted || page.counted;
    after = page.next;
    if (!after) break;
  }
  return { rows, more: Boolean(after), counted };
}

// `sum`: how many there are where it is known, of the moment of the list; `counted`: what the API counted, up to a bound, where it is not. `expected`: how many the sum above says there are, with those that another system's case is counted for.
export function drawCases(state, { rows, more, sum = null, counted }, clock, { expected, doubles, orders } = {}) {
  const known = sum ?? counted?.cases, isBound = sum === null && counted?.more;
  const of = expected ?? (more && known > rows.length ? known : undefined), n = whole(rows.length);
  const listed = of !== undefined ? t("listed_of", { n, of: `${whole(of)}${isBound ? "+" : ""}` }) : t(more ? "listed_more" : "listed", { n });
  const agrees = expected === undefined || more || rows.length === expected;
  return make("section", { class: "panel", "aria-labelledby": "cases_title" },
    make("header", {}, make("h2", { id: "cases_title" }, t("case_list")),
      make("p", { id: "agreement", class: agrees ? "good" : "bad" }, make("span", { "aria-hidden": "true" }, agrees ? "● " : "▲ "), listed, doubles ? ` · ${t("doubles_n", { n: whole(doubles) })}` : null)),
    caseTable({ id: "case_rows", caption: t("case_list"), rows, now: clock.now, state, columns: COLUMNS, orders }),
    more && make("p", { class: "after" }, make("a", { href: address({ pages: Number(state.pages || 1) + 1 }), class: "button" }, t("more"))));
}

const DONE = ["resolved", "closed"]; // what the order by limits does not have
const STATES = ["", NOT_CLOSED, NOT_DONE, "waiting", "open", "held", "resolved", "closed", "merged"];
const stateWords = (value) => t({ "": "all", [NOT_CLOSED]: "not_closed", [NOT_DONE]: "not_done" }[value] || `state_${value}`);

// How many a list is of, where a view counts just these: a stock now, or what was opened. null: no view does. A list by its
// limits has only what is not done and has one, so no stock but of what is late is its sum.
function sumOf(state, days) {
  if (state.number || state.due_within || [state.street, state.community].includes(NOWHERE) || state.kind !== "request" || state.station || state.reopened || state.disputed || state.did) return null;
  const places = { street_code: state.street, community_code: state.community }, asked = { unit: state.unit, ...places };
  const isNow = (view) => !days.from && !days.to && isKeptBy(view, Object.keys(places).filter((name) => places[name]));
  const one = (view, query, of) => perhaps(oneOf(view, query).then((row) => of(row) ?? null));
  if (state.overdue === "yes" && (!state.state || state.state === NOT_DONE) && isNow("overdue")) return one("overdue", { ...asked, ...typesAsked(state.type) }, (row) => row.overdue);
  if (state.overdue || state.order) return null;
  if (state.state === NOT_CLOSED && isNow("backlog")) return one("backlog", { ...asked, ...typesAsked(state.type) }, (row) => row.open);
  if (state.state || state.type) return null;
  return one("places", { ...days, ...asked }, (row) => (row.opened || 0) + (row.doubles || 0));
}

export const title = (state) => (state.number ? t("with_number", state) : t("v_cases"));

export async function ask(state) {
  const query = { number: state.number, kind: state.kind, state: state.state, overdue: state.overdue, due_within: state.due_within, reopened: state.reopened, disputed: state.disputed, order: state.order, unit: state.unit, street_code: state.street,
    community_code: state.community, station: state.station, ...didAsked(state), ...typesAsked(state.type) };
  const days = (!state.number && ownDays(state)) || {};
  const summed = sumOf(state, days), isCounted = !summed && (state.due_within || state.overdue === "yes");
  const [listed, sum] = await Promise.all([askCases({ ...query, count: isCounted ? "yes" : "" }, days, Number(state.pages || 1)), summed]);
  return { ...listed, sum };
}

// What the list was narrowed to on the way here: each is told, and can be taken out.
const placeWords = (code) => placeName(code === NOWHERE ? "" : code);
const NARROWED = { unit: (code) => (isUnit(code) ? unitName(code) : t("unknown_code", { code })), community: placeWords, station: String };

// The orders of the API that a column stands in; by limit what is not done alone. The most urgent first is none: emergencies lead there.
const ordersOf = (state) => (state.number ? {} : { opened: { href: address({ order: "", pages: "" }), isOn: !BY_LIMIT.includes(state.order), down: true }, due: { href: address(byLimit(state, "limit")), isOn: state.order === "limit", down: false } });

// The most urgent first, or by limit alone, which of what is overdue is the longest overdue first. There is nothing of what is done.
const BY_LIMIT = ["due", "limit"];
const ordersShown = (state) => [["", t("newest")], ["due", t("most_urgent")], ...(state.overdue === "yes" || state.order === "limit" ? [["limit", t(state.overdue === "yes" ? "longest_overdue" : "nearest_limit")]] : [])];
const byLimit = (state, order) => ({ order, ...(order && DONE.includes(state.state) && { state: "" }), pages: "" });
const HOURS = [2, 4, 8, 24, 72]; // 临期
const soonChoice = (state) => choice(t("due_soon"), [["", t("all")], ...HOURS.map((n) => [String(n), t("within_hours", { n })])], state.due_within || "", (value) => ({ due_within: value, ...(value && { ...byLimit(state, "due"), overdue: "" }), pages: "" }));

// What it ever went through: one of them, or both.
const LIFE = ["reopened", "disputed"];
const lifeChoice = (state) => choice(t("life"), [["", t("all")], ["reopened", t("ever_reopened")], ["disputed", t("ever_disputed")], [LIFE.join(), t("ever_both")]], LIFE.filter((name) => state[name] === "yes").join(),
  (value) => ({ ...Object.fromEntries(LIFE.map((name) => [name, value.split(",").includes(name) ? "yes" : ""])), pages: "" }));

function narrowed(state) {
  const did = didDays(state), when = did && choice(t(`did_${state.did}`), [["", t("all")], ["own", daysWords(did)]], "own", (value) => (value ? {} : { did: "", did_from: "", did_to: "", pages: "" }));
  const by = Object.entries(NARROWED).filter(([key]) => state[key]).map(([key, name]) =>
    choice(t(key), [["", t("all")], [state[key], make("span", { lang: langOfNames(name(state[key])) }, name(state[key]))]], state[key], (value) => ({ [key]: value, pages: "" })));
  return [...by, when];
}

export function draw(state, data, clock) {
  if (state.number && !data.rows.length) return [make("p", { class: "none" }, t("no_number", state))];
  return [bar(
    ...narrowed(state), ...openedChoice(state, clock.day),
    choice(t("state"), STATES.map((value) => [value, stateWords(value)]), state.state || "", (value) => ({ state: value, ...(DONE.includes(value) && { order: "", due_within: "" }), pages: "" })),
    choice(t("overdue"), [["", t("all")], ["yes", t("only_overdue")]], state.overdue || "", (value) => ({ overdue: value, ...(value && { due_within: "" }), pages: "" })),
    soonChoice(state),
    lifeChoice(state),
    choice(t("order"), ordersShown(state), state.order || "", (value) => byLimit(state, value)),
    streetChoice(state, [NOWHERE, placeWords(NOWHERE)]), kindChoice(state), typeChoice(state)), BY_LIMIT.includes(state.order) && make("p", { class: "note", id: "order_rule" }, t(state.order === "due" ? "urgent_rule" : "limit_rule")), drawCases(state, data, clock, { orders: ordersOf(state) })].filter(Boolean);
}
