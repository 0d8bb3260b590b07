// SPDX-License-Identifier: Apache-2.0
// A person answers what the desk is asked: who, what, why. It is said to ingest's door with the person's own token and
// becomes an event as any other; what the rules make of it is read back from the case. Nothing is written here.
import { announce } from "./announce.js";
import { forgetSeldom, say } from "./api.js";
import { askCase } from "./case.js";
import { credential } from "./credential.js";
import { make } from "./dom.js";
import { duration, rfc3339 } from "./format.js";
import { door } from "./page.js";
import { fieldInput, fieldsOf } from "./move.js";
import { t } from "./words.js";

const PATIENCE_MS = 30000, LOOK_MS = 700;
const redraw = () => dispatchEvent(new Event("redraw"));

// What is being filled in for a case; another case, or another question, begins anew.
let draft = { of: "" };

addEventListener("left", () => {
  draft = { of: "" };
});

function draftOf(one, cause) {
  const of = `${one.case} ${cause}`;
  if (draft.of !== of) draft = { of, move: "", reason: "", said: null, busy: false };
}

function take(name, value) {
  draft[name] = value;
  draft.time = undefined; // another content is another word
  redraw();
}

// Pressed twice, or once more after a lost answer, it is the same record and counts once: its time is that of the first press.
function recordOf(mine, one, clock) {
  mine.time ||= rfc3339(clock.now + Math.max(0, clock.age_ms || 0));
  const fields = fieldsOf(mine.move).filter(({ name }) => mine[name]).map(({ name }) => [name, name === "due_at" ? rfc3339(Date.parse(`${mine[name]}:00Z`) - offset(clock)) : mine[name]]);
  return { case: one.case, stage: mine.move, time: mine.time, data: { ...Object.fromEntries(fields), by: credential.person(), reason: mine.reason } };
}

const offset = (clock) => clock.zone_minutes * 60000; // a field's time is the district's

// Until the case itself tells what came of it.
async function effectOf(one, record) {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    const now = await askCase(one.case);
    const line = now.timeline.find((found) => found.stage === record.stage && found.party === "desk" && Date.parse(found.time) === Date.parse(record.time));
    if (line && line.effect !== "counts") return { good: false, text: t("said_no_effect", { why: t(line.effect) }) };
    const follows = line && (now.desk_cause !== one.desk_cause || now.unit !== one.unit); // what the rules make of it comes a moment later
    if (follows) return { good: true, text: t("said_counts", { unit: now.unit_name || now.unit || t("not_dispatched"), state: t(`state_${now.state}`) }) };
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
  return { good: false, text: t("said_not_seen", { time: duration(PATIENCE_MS / 1000) }) };
}

// The door takes its time, and the person may look at another case meanwhile: `mine` stays this one's.
async function send(mine, one, clock) {
  const record = recordOf(mine, one, clock), answer = await say(door(), "desk", record);
  const refused = answer.results?.find((result) => result.verdict === "rejected");
  if (answer.rejected || refused) return { good: false, text: refused?.message_zh && document.documentElement.lang.startsWith("zh") ? refused.message_zh : refused?.message_en || t("said_rejected") };
  mine.said = { good: true, text: t("said_accepted") };
  redraw();
  return effectOf(one, record);
}

async function submit(event, one, clock) {
  event.preventDefault();
  const mine = draft;
  if (mine.busy) return;
  mine.busy = true;
  mine.said = { good: true, text: t("saying") };
  redraw();
  try {
    mine.said = await send(mine, one, clock);
  } catch (problem) {
    mine.said = { good: false, text: problem.status === 401 || problem.status === 403 ? t("said_not_allowed") : problem.status ? problem.message : t("said_unreachable", { door: door() || location.origin }) };
  }
  mine.busy = false;
  forgetSeldom();
  announce(mine.said.text);
  dispatchEvent(new Event("again"));
}

function moves(answers) {
  return make("fieldset", { class: "moves" }, make("legend", {}, t("decision")), answers.map((move) => make("label", {},
    make("input", { type: "radio", name: "move", value: move, id: `move_${move}`, required: true, checked: draft.move === move, onchange: () => take("move", move) }),
    make("span", {}, make("b", {}, t(`move_${move}`)), make("small", {}, t(`move_${move}_means`))))));
}

// What came of it stays in view when the form has gone with the question.
export function outcome(one) {
  if (draft.of.split(" ")[0] !== one.case || !draft.said) return null;
  return make("p", { id: "outcome", class: draft.said.good ? "good" : "bad" }, make("span", { "aria-hidden": "true" }, draft.said.good ? "● " : "▲ "), draft.said.text);
}

// `answers`: the moves that answer what is asked.
export function decideForm(one, cause, answers, clock) {
  draftOf(one, cause);
  return make("form", { id: "decide", class: "decide", onsubmit: (event) => submit(event, one, clock) },
    moves(answers), fieldsOf(draft.move).map((field) => fieldInput(field, one, draft, take)),
    make("label", { class: "field tall" }, make("span", {}, t("reason")), make("textarea", { id: "decide_reason", rows: "2", required: true, maxlength: "500", oninput: (event) => {
      draft.reason = event.target.value;
      draft.time = undefined;
    } })),
    make("p", { class: "note" }, t("decided_by", { who: credential.person() }), " ", t("reason_is_shown")),
    make("p", {}, make("button", { type: "submit", class: "button main", disabled: draft.busy || !draft.move }, t("decide"))));
}
