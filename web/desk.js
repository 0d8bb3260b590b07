// SPDX-License-Identifier: Apache-2.0
// What no rule decides: the queue, one case of it before a person, and the form that answers.
import { get, perhaps } from "./api.js";
import { askCase, askedBy, facts, timeline, why } from "./case.js";
import { dueMark, named, numberOf, placeOf } from "./case_rows.js";
import { bar, choice } from "./control.js";
import { decideForm, outcome } from "./decide.js";
import { make } from "./dom.js";
import { askFirings, drawFirings, sentenceOf } from "./firing.js";
import { moment, whole } from "./format.js";
import { answersList } from "./move.js";
import { isPlace, isType, kindName, langOfNames, triggerName, typeName } from "./names.js";
import { isDesk, signIn } from "./sign_in.js";
import { address } from "./state.js";
import { language, t } from "./words.js";

const PAGE = 100;
const CAUSES = ["emergency", "overdue", "dispute", "hold", "two_leads", "fallback", "unclassified", "unknown_unit", "too_old", "confirm", "would_have", "headless"];

const BY_LIMIT = ["emergency", "overdue"]; // what is most urgent first; of the others who waits the longest

// Emergencies stand before all others, however old those are.
async function askQueue(state) {
  const most = Math.min(1000, PAGE * Number(state.pages || 1));
  if (state.over === "yes") return get("api/desk", { over: "yes", limit: most });
  if (state.cause) return get("api/desk", { cause: state.cause, order: BY_LIMIT.includes(state.cause) ? "due" : "", limit: most, over: "no" });
  const [first, others] = await Promise.all([get("api/desk", { cause: CAUSES[0], order: "due", limit: most }), get("api/desk", { cause: CAUSES.slice(1).join(","), limit: most, over: "no" })]);
  return { ...others, rows: [...first.rows, ...others.rows], next: first.next || others.next };
}

export async function ask(state) {
  const [page, one, found] = await Promise.all([perhaps(askQueue(state)), state.case ? perhaps(askCase(state.case)) : null, state.case ? askFirings(state.case) : null]);
  return { page, one, found };
}

function saidOf(item) {
  const words = item.said || (item.trigger && sentenceOf(item)) || placeOf(item);
  return make("span", { class: "soft", lang: langOfNames(words), title: words }, words);
}

function row(item, state, now) {
  return make("li", { "data-key": item.case }, make("a", { href: address({ case: item.case }), class: `item ${item.cause}`, "aria-current": item.case === state.case ? "true" : null },
    make("span", { class: `tag ${item.cause}` }, t(`cause_${item.cause}`)),
    item.trigger ? make("b", { lang: langOfNames(triggerName(item.trigger)) }, triggerName(item.trigger)) : make("b", { class: "case" }, numberOf(item.case)),
    named(item.type_code ? typeName(item.type_code) : item.trigger ? "" : kindName(item.kind)),
    saidOf(item),
    make("span", { class: "soft" }, item.opened ? moment(item.opened, now) : ""), item.due || item.cause === "emergency" ? dueMark(item, now) : null));
}

const sumOf = (waiting) => Object.values(waiting || {}).reduce((sum, n) => sum + n, 0);

// The same counts in the page's head; of those that no longer hold it tells nothing.
export const head = ({ page }, state) => (page && state.over !== "yes" ? { waiting: sumOf(page.waiting), emergencies: page.waiting?.emergency } : {});

function queue({ page }, state, clock) {
  if (!page) return make("section", { class: "panel" }, make("p", { class: "none" }, t("forbidden")));
  const of = state.cause ? page.waiting?.[state.cause] || 0 : sumOf(page.waiting);
  return make("section", { class: "panel", "aria-labelledby": "queue_title" },
    make("header", {}, make("h2", { id: "queue_title" }, t("queue")), make("p", { class: "note" }, page.next && of > page.rows.length ? t("listed_of", { n: whole(page.rows.length), of: whole(of) }) : t("listed", { n: whole(page.rows.length) }))),
    page.rows.length ? make("ol", { id: "queue", class: "queue" }, page.rows.map((item) => row(item, state, clock.now))) : make("p", { class: "none" }, t("nothing_waits")),
    page.rows.length ? make("p", { class: "note", id: "queue_order" }, t(BY_LIMIT.includes(state.cause) ? "urgent_rule" : state.cause || state.over === "yes" ? "oldest_rule" : "queue_rule")) : null,
    page.next ? make("p", { class: "after" }, make("a", { href: address({ pages: Number(state.pages || 1) + 1 }), class: "button" }, t("more"))) : null);
}

// Why no rule could say it: what is known of its type and its place. A code that no registry has is none.
function known(one) {
  const type = isType(one.type_code), place = isPlace(one.street_code) || isPlace(one.community_code);
  return t(`known_${type ? (place ? "both" : "type") : place ? "place" : "none"}`, { type: typeName(one.type_code), place: placeOf(one) });
}

const asks = (one, cause) => [["unclassified", "fallback"].includes(cause) ? known(one) : "", t(`ask_${cause}`)].filter(Boolean).join(language() === "en" ? " " : "");

// Who asks, and why: in his own words, or that he gave none.
function askedWhy(one) {
  const line = askedBy(one);
  return line ? make("p", { id: "asked_why", lang: langOfNames() }, line.unit_name || line.unit || "–", t("colon"), line.said ? make("q", { class: "said" }, line.said) : make("span", { class: "soft", lang: language() }, t("no_reason_given"))) : null;
}

function asked({ page, one, found }, state, clock) {
  if (!state.case) return make("section", { class: "panel" }, make("p", { class: "none" }, t("choose_case")));
  if (!one) return make("section", { class: "panel" }, make("p", { class: "none" }, t("no_such_case")));
  const cause = page?.causes.find((row_) => row_.cause === one.desk_cause);
  return make("section", { class: "panel", "aria-labelledby": "asked_title", "data-key": one.case },
    make("header", {}, make("h2", { id: "asked_title", class: "case" }, one.case)),
    cause ? make("p", { class: "ask" }, make("span", { class: `tag ${cause.cause}` }, t(`cause_${cause.cause}`)), " ", asks(one, cause.cause)) : make("p", { class: "note" }, t("not_asked")),
    cause ? askedWhy(one) : null,
    drawFirings(found, clock.now),
    make("ul", { class: "why" }, why({ ...one, found }, clock.now).map((sentence) => make("li", {}, sentence))), facts(one, clock.now),
    outcome(one),
    cause && isDesk() ? decideForm(one, cause.cause, cause.answers.split(" "), clock) : cause ? answersList(cause.answers.split(" ")) : null,
    make("details", { open: true, "data-key": "life" }, make("summary", {}, t("timeline")), timeline(one, clock.now)));
}

export const title = () => t("v_desk");

export function draw(state, data, clock) {
  const waiting = data.page?.waiting || {}, all = sumOf(waiting);
  const over = data.page?.over || 0, isOver = state.over === "yes";
  const causes = CAUSES.filter((cause) => waiting[cause] || cause === state.cause);
  return [bar(choice(t("cause"), [["", `${t("all")} ${whole(all)}`], ...causes.map((cause) => [cause, `${t(`cause_${cause}`)} ${whole(waiting[cause] || 0)}`])], state.cause || "", (cause) => ({ cause, case: "", pages: "" })),
    over || isOver ? choice(t("findings"), [["", t("holds")], ["yes", `${t("over")} ${whole(over)}`]], isOver ? "yes" : "", (one) => ({ over: one, cause: "", case: "", pages: "" })) : null,
    isOver && make("p", { class: "note" }, t("over_means")),
    state.cause === "overdue" && make("p", { class: "note", id: "not_the_stock" }, t("desk_overdue_means"))),
    make("div", { class: "desk" }, queue(data, state, clock), make("div", {}, signIn({ folded: true }), asked(data, state, clock)))];
}
