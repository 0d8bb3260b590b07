// SPDX-License-Identifier: Apache-2.0
// One case: how it stands, why it is late, and its life in words.
import { get, perhaps } from "./api.js";
import { dueMark, numberOf, stateSign, caseLink } from "./case_rows.js";
import { mark } from "./chart.js";
import { make } from "./dom.js";
import { askFirings, drawFirings } from "./firing.js";
import { clockOf, dayOf, dueIn, duration, moment, secondsBetween, spell } from "./format.js";
import { langOfNames, limitName, ruleWords, unitName } from "./names.js";
import { viewAddress } from "./state.js";
import { language, t } from "./words.js";

const askOne = (name) => get(`api/cases/${encodeURIComponent(name)}`, { lang: language() });

// Who handles a case that was merged is its parent's lead; who may not see that one is told its number.
export async function askCase(name) {
  const one = await askOne(name);
  return one.parent && !one.unit ? { ...one, into: await perhaps(askOne(one.parent), {}) } : one;
}

export async function ask(state) {
  const [one, found] = await Promise.all([askCase(state.case), askFirings(state.case)]);
  return { ...one, found };
}


const counts = (line) => line.effect === "counts";
const isOver = (one) => ["resolved", "closed", "merged"].includes(one.state);
const named = (name, code) => make("span", { lang: langOfNames(name || code || "") }, name || code || "–");

const SIGNED = ["request", "proactive"]; // whose lives have a 签收: of other kinds nobody waits for it

// What a person last did about it. Behind its opening or a dispatch it is said what does not follow.
function stepOf(lines) {
  const last = lines.filter((line) => line.party !== "router" || line.stage === "dispatched").at(-1);
  return last && !["opened", "dispatched"].includes(last.stage) ? last : null;
}

// Whose word changes the lead: of what the rules say an opening and a dispatch, of the desk's none before the rules have made it an order.
const givesLead = ({ party, stage }) => party !== "desk" && (party !== "router" || ["opened", "dispatched"].includes(stage));
const BEGINS = ["reopened", "unmerged"];

// Since when it stands as it does: with this lead, on hold, or with nobody.
function heldSince(one, lines) {
  let since = one.opened, lead = "";
  if (one.state === "held") return lines.filter((line) => line.stage === "held").at(-1)?.time || since;
  for (const line of lines) {
    const next = line.stage === "recalled" ? "" : line.lead && givesLead(line) ? line.lead : lead;
    if (next !== lead || BEGINS.includes(line.stage)) since = line.time;
    lead = next;
  }
  return since;
}

// Whose limit it is: a class that stands beside another's says nothing of it.
const bySource = (source) => (source ? t(`due_by_${source}`) : "");
const dueBy = (one) => [bySource(one.due_source), one.due_moved ? t("due_moved") : ""].filter(Boolean).join(t("comma"));
const inBrackets = (words) => (words ? t("in_brackets", { words }) : "");

function stands(one, lines, now) {
  const since = heldSince(one, lines), said = one.due && { due: moment(one.due, now), by: inBrackets(dueBy(one)), time: dueIn(one.due, now, one.held).text };
  const limit = one.due && !dueIn(one.due, now, one.held).late ? t("w_limit", said) : "";
  if (!since || !(now > 0)) return limit ? t("w_due", said) : null;
  const state = t(`state_${one.state}`), words = { since: moment(since, now), time: spell((now - Date.parse(since)) / 1000), unit: one.unit_name || one.unit,
    state: SIGNED.includes(one.kind) || !one.stage_words ? state : `${state}(${one.stage_words})`, limit };
  return t(one.state === "held" ? "w_held" : one.unit ? "w_with" : "w_waiting", words);
}

// Of another kind an end is none of 办结: a finding that was declined, a matter that was cancelled; one that has its last stage yet to come has not ended.
function ended(one) {
  const reached = one.closed ? null : one.timeline.filter((line) => counts(line) && line.stage === one.stage).at(-1)?.time;
  const done = one.kind === "request" ? one.resolved || one.closed : one.closed || reached || one.resolved;
  const time = one.opened && done ? duration(secondsBetween(one.opened, done)) : "";
  if (!time && one.state === "merged" && one.parent) return t("w_merged", { parent: numberOf(one.parent), unit: one.into?.unit_name || one.into?.unit || t("parents_lead") });
  if (!time) return t(`state_${one.state}`);
  return one.kind === "request" || !one.stage_words ? t("w_done", { time }) : t(one.closed ? "w_ended" : "w_reached", { stage: one.stage_words, time });
}

// What is asked of the desk, in the words of who asks: the last line that does.
const ASKS = { dispute: "disputed", hold: "hold_requested" };
export function askedBy(one) {
  return one.timeline.filter((line) => counts(line) && line.stage === ASKS[one.desk_cause]).at(-1);
}

// Each dispute of its life, with what came of it: it waits, the desk decided it, or another lead made it void.
function disputesOf(lines) {
  const said = [];
  for (const line of lines) {
    const last = said.at(-1);
    if (line.stage === "disputed") said.push({ unit: line.unit_name || line.unit || "–", came: "waits" });
    else if (last?.came === "waits" && line.stage === "dispute_decided" && line.outcome) last.came = line.outcome;
    else if (last?.came === "waits" && ["recalled", "reopened", "resolved", "closed"].includes(line.stage)) last.came = "void";
  }
  return said;
}

// What it went through, done or not: an end takes nothing back.
function wentThrough(lines) {
  const count = (stage) => lines.filter((line) => line.stage === stage).length, disputes = disputesOf(lines);
  return [disputes.length && t("w_disputed", { n: disputes.length, each: disputes.map(({ unit, came }) => t("w_dispute", { unit, came: t(`came_${came}`) })).join(t("semicolon")) }),
    ...["reopened", "extended"].map((stage) => count(stage) && t(`w_${stage}`, { n: count(stage) }))].filter(Boolean);
}

// Did its clock stand still at that time?
function stoodStill(lines, time) {
  let held = null;
  for (const line of lines) {
    if (line.stage === "held") held ??= line.time;
    if (!["resumed", "recalled", ...BEGINS].includes(line.stage)) continue;
    if (held && secondsBetween(held, time) > 0 && secondsBetween(time, line.time) > 0) return true;
    held = null;
  }
  return Boolean(held) && secondsBetween(held, time) > 0;
}

// What was done in time, or was on hold, may be told behind the tick that let its timer speak: that lateness was none (docs/decisions/0369).
function wasLate(line, lines) {
  if (line.due && stoodStill(lines, line.due)) return false;
  const before = lines.slice(0, lines.indexOf(line)), begun = before.findLastIndex(({ stage }) => BEGINS.includes(stage)), end = before.slice(begun + 1).find(({ stage }) => ["resolved", "closed"].includes(stage));
  return !end || !line.due || secondsBetween(line.due, end.time) > 0;
}

// Against the limit of its last round; what was over the limit of the time and no more at the end is told by the clock's own lines.
function lateness(one, lines, now) {
  const done = one.resolved || one.closed, late = done && one.due ? secondsBetween(one.due, done) : 0;
  if (late > 0) return t("w_was_late", { due: moment(one.due, now), by: inBrackets(dueBy(one)), time: duration(late) });
  return lines.some((line) => line.stage === "overdue" && !line.co_unit && wasLate(line, lines)) ? t("w_once_late") : null;
}

// Nobody has spoken with the resident: not in this round, or not who has it now.
function notContacted(lines) {
  const begun = lines.findLastIndex(({ stage }) => BEGINS.includes(stage));
  if (lines.slice(begun + 1).some(({ stage }) => stage === "contacted")) return "w_not_contacted_by";
  return begun < 0 ? "w_not_contacted" : "w_not_contacted_again";
}

// Sentences about what stands in its way, from what its timeline says and does not say; of what is over, what it went through.
export function why(one, now) {
  const lines = one.timeline.filter(counts), has = (stage) => lines.filter((line) => line.stage === stage);
  const sent = has("dispatched"), last = sent.at(-1), since = last && Math.max(0, (now - Date.parse(last.time)) / 1000);
  const behind = (stage) => has(stage).some((line) => !last || line.time >= last.time);
  const said = [];
  if (isOver(one)) return [ended(one), lateness(one, lines, now), ...wentThrough(lines)].filter(Boolean);
  said.push(stands(one, lines, now));
  if (one.due && dueIn(one.due, now, one.held).late) said.push(t("w_late", { due: moment(one.due, now), by: inBrackets(dueBy(one)), time: duration((now - Date.parse(one.due)) / 1000) }));
  if (one.desk_cause) said.push(t(one.desk_cause === "confirm" && one.found?.own?.over === true ? "w_desk_over" : "w_desk", { cause: t(`cause_${one.desk_cause}`) }));
  if (!last && !one.unit) said.push(t("w_not_dispatched"));
  if (last && SIGNED.includes(one.kind) && now > 0 && one.unit !== "desk" && !behind("signed")) said.push(t("w_not_signed", { unit: one.unit_name || one.unit, time: duration(since) }));
  if (last && one.unit !== "desk" && one.kind === "request" && !behind("contacted")) said.push(t(notContacted(lines)));
  const step = stepOf(lines);
  if (step && now > 0 && one.state !== "held") said.push(t("w_idle", { what: step.words, time: duration(Math.max(0, (now - Date.parse(step.time)) / 1000)) }));
  if (sent.length > 1) said.push(t("w_sent", { n: sent.length }));
  return [...said, ...wentThrough(lines)].filter(Boolean);
}

const leadLink = ({ unit, unit_name }) => make("a", { href: viewAddress("cases", { unit }), lang: langOfNames() }, unit_name || unit);

function lead(one) {
  if (one.unit) return leadLink(one);
  if (!one.parent) return t("not_dispatched");
  return [one.into?.unit ? leadLink(one.into) : t("parents_lead"), make("span", { class: "below soft", id: "by_parent" }, t("by_parent"))];
}

const helpersOf = (helpers) => helpers.map((helper, n) => [n ? "; " : null, make("span", { lang: langOfNames() }, unitName(helper.unit)), ` ${t(`role_${helper.role}`)}`]);

export function facts(one, now) {
  const past = (one.helpers || []).filter(({ role }) => role === "past"), helping = (one.helpers || []).filter(({ role }) => role !== "past");
  const rows = [[t("state"), [stateSign(one.state), one.stage_words ? make("span", { class: "soft" }, ` ${one.stage_words}`) : null]],
    [t("kind"), named(one.kind_name, one.kind)],
    [t("type"), named(one.type_code_name, one.type_code)],
    [t("place"), make("span", { lang: langOfNames() }, [one.street_code_name || one.street_code, one.community_code_name || one.community_code].filter(Boolean).join(" ") || t("no_place"))],
    [t("lead"), lead(one)],
    [t("due"), one.due ? [moment(one.due, now), isOver(one) ? null : make("span", { class: "below" }, dueMark(one, now)), dueBy(one) ? make("span", { class: "below soft", id: "due_by" }, dueBy(one)) : null] : "–"],
    [t("limit_class"), one.limit_class ? [limitName(one.limit_class), one.due_source && one.due_source !== "class" ? make("span", { class: "below soft", id: "class_aside" }, t("class_aside")) : null] : "–"],
    one.parent ? [t("parent"), caseLink(one.parent)] : null,
    childrenOf(one.timeline).length ? [t("children"), childrenOf(one.timeline).map((child, n) => [n ? "; " : null, caseLink(child)])] : null,
    ...(one.fields || []).map(({ name, value, value_name }) => [named(name), named(value_name, value)]),
    helping.length ? [t("helpers"), helpersOf(helping)] : null,
    past.length ? [t("had_before"), helpersOf(past)] : null].filter(Boolean);
  return make("dl", { class: "facts" }, rows.map(([label, value]) => make("div", {}, make("dt", {}, label), make("dd", {}, value))));
}

// A reminder repeats what others set.
const setsDue = ({ party, stage }) => party !== "router" || ["dispatched", "amended"].includes(stage);

// What its timer waited for, where that is not the limit itself.
const timed = ({ timer_due, due }, now) => (timer_due && timer_due !== due ? t("timer_due", { at: moment(timer_due, now) }) : "");

// What a call-back heard, as far as it was asked.
const heard = (answer) => Object.entries(answer || {}).filter(([, said]) => said).map(([what, said]) => t(what === "satisfaction" ? `heard_${said}` : `heard_${what}_${said}`));

// Those that were merged into it and have not left it.
function childrenOf(lines) {
  const children = new Set();
  for (const line of lines.filter((one) => counts(one) && one.child)) {
    if (line.stage === "child_added") children.add(line.child);
    if (line.stage === "child_removed") children.delete(line.child);
  }
  return [...children];
}

function step(line, before, kind, now) {
  const wait = before ? secondsBetween(before.time, line.time) : 0, late = secondsBetween(line.time, line.recorded);
  const notes = [line.due ? `${t("due")} ${moment(line.due, now)}${setsDue(line) ? inBrackets(bySource(line.due_source)) : ""}` : "", line.rule ? `${t("rule")} ${ruleWords(line.rule, kind)}` : "", timed(line, now), line.outcome ? t(`outcome_${line.outcome}`) : "", ...heard(line.answer),
    line.live ? "" : t("history"), late > 600 ? t("told_late", { time: duration(late) }) : ""].filter(Boolean);
  return make("li", { class: `${line.effect} party_${line.party}`, "data-key": line.event_id },
    make("time", { datetime: line.time }, make("b", {}, clockOf(Date.parse(line.time)).slice(0, 5)), make("span", { class: "soft" }, dayOf(Date.parse(line.time)).slice(5))),
    make("div", {}, make("p", { lang: langOfNames(line.words) }, line.words, line.said ? make("q", { class: "said" }, line.said) : null, counts(line) ? null : make("span", { class: "tag bad" }, t(line.effect))),
      notes.length || wait > 0 ? make("p", { class: "note" }, [wait > 0 ? `+${duration(wait)}` : "", ...notes].filter(Boolean).join(" · ")) : null));
}

export function timeline(one, now) {
  return make("ol", { id: "timeline", class: "timeline" }, one.timeline.map((line, n) => step(line, one.timeline[n - 1], one.kind, now)));
}

export const title = (state) => `${t("v_case")} ${numberOf(state.case || "")}`;

export function draw(state, one, clock) {
  return [make("div", { class: "life" },
    make("section", { class: "panel", "aria-labelledby": "case_title" },
      make("header", {}, make("h2", { id: "case_title", class: "case" }, one.case), one.desk_cause ? make("a", { class: "tag", href: viewAddress("desk", { case: one.case }) }, t("to_desk")) : null),
      make("ul", { id: "why", class: "why" }, why(one, clock.now).map((sentence) => make("li", {}, sentence))), drawFirings(one.found, clock.now), facts(one, clock.now)),
    make("section", { class: "panel", "aria-labelledby": "timeline_title" },
      make("header", {}, make("h2", { id: "timeline_title" }, t("timeline")), make("p", { class: "legend", "aria-hidden": "true" }, mark("round", t("by_units")), mark("out", t("by_desk")), mark("rules", t("by_rules")))),
      timeline(one, clock.now)))];
}
