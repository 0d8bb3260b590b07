// SPDX-License-Identifier: Apache-2.0
// Questions to the read API. Those of one turn of the page go together: one way there and back, and all that stands on the page is
// true of one moment. Who asks alone is answered from the browser's own copy where nothing changed: such answers carry tags.
import { credential } from "./credential.js";
import { language } from "./words.js";

export class Problem extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = (problem.type || "").split("#")[1] || "";
    this.parameter = problem.parameter;
  }
}

async function problemOf(answer) {
  try {
    return new Problem(answer.status, await answer.json());
  } catch {
    return new Problem(answer.status, {});
  }
}

const clean = (query) => Object.fromEntries(Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null));

const MOST = 16, LONGEST = 4000; // questions of one request, and characters of its address
const SELDOM_MS = 20000;

function addressOf(path, query) {
  const words = new URLSearchParams(clean(query)).toString();
  return `${path}${words ? `?${words}` : ""}`;
}

async function fetchJson(address, more = {}) {
  const answer = await fetch(address, { cache: "no-cache", credentials: "omit", headers: { "Accept-Language": language(), ...credential.headers(), ...more } });
  if (!answer.ok) throw await problemOf(answer);
  return answer.json();
}

export const getAlone = (path, query = {}) => fetchJson(addressOf(path, query));

// What is asked in one turn: the address below api/, encoded, and the promise of its answer. Asked twice it is one question.
let gathered = null;

export function get(path, query = {}) {
  const address = addressOf(path, query);
  if (!gathered) {
    gathered = new Map();
    queueMicrotask(send);
  }
  if (!gathered.has(address)) {
    const one = { address, word: `ask=${encodeURIComponent(address.replace(/^api\//, ""))}` };
    one.answer = new Promise((resolve, reject) => Object.assign(one, { resolve, reject }));
    gathered.set(address, one);
  }
  return gathered.get(address).answer;
}

function send() {
  const all = [...gathered.values()];
  gathered = null;
  for (let some = [], n = 0, length = 0; n < all.length; n++) {
    some.push(all[n]);
    length += all[n].word.length;
    if (n + 1 < all.length && some.length < MOST && length + all[n + 1].word.length < LONGEST) continue;
    askTogether(some);
    [some, length] = [[], 0];
  }
}

// What another page that shows the same was told a moment ago will do: a hundred wall screens are no more to the database than
// one. Not after a person did something: then what he sees has to be after it.
const OTHERS_S = 2;
let own = 0; // until then

const isAnybodys = () => (performance.now() < own ? {} : { "Cache-Control": `max-age=${OTHERS_S}` });

async function askTogether(some) {
  try {
    const answers = some.length > 1 ? (await fetchJson(`api/together?${some.map((one) => one.word).join("&")}`, isAnybodys())).answers
      : [{ status: 200, body: await fetchJson(some[0].address) }];
    some.forEach((one, n) => (answers[n].status === 200 ? one.resolve(answers[n].body) : one.reject(new Problem(answers[n].status, answers[n].body))));
  } catch (problem) {
    for (const one of some) one.reject(problem);
  }
}

// What changes slowly is asked for again after a while, or when its address is another: on another day.
const kept = new Map(); // address -> {until, answer}
const isLasting = (problem) => problem.status === 403 || problem.status === 404;

export function seldom(path, query = {}, ms = SELDOM_MS) {
  const address = addressOf(path, query), now = performance.now();
  for (const [old, { until }] of kept) if (now >= until) kept.delete(old);
  if (!kept.has(address)) {
    const answer = get(path, query);
    kept.set(address, { until: now + ms, answer });
    answer.catch((problem) => !isLasting(problem) && kept.get(address)?.answer === answer && kept.delete(address));
  }
  return kept.get(address).answer;
}

// After a decision, or with another credential, all of it is asked for at once.
export function forgetSeldom() {
  kept.clear();
  own = performance.now() + 2000 * OTHERS_S;
}

export const rowsOf = async (view, query, ask = get) => (await ask(`api/views/${view}`, query)).rows;
export const oneOf = async (view, query, ask = get) => (await rowsOf(view, query, ask))[0] || {};

// What is not there, or not for who asks, is nothing; anything else is a fault.
export async function perhaps(question, otherwise = null) {
  try {
    return await question;
  } catch (problem) {
    if (isLasting(problem)) return otherwise;
    throw problem;
  }
}

// A status record to ingest's door, as the desk. {accepted, rejected, results} or a Problem.
export async function say(door, unit, record) {
  const answer = await fetch(`${door}/v1/units/${encodeURIComponent(unit)}/status`, {
    method: "POST", credentials: "omit", body: JSON.stringify(record),
    headers: { "Content-Type": "application/json", "Accept-Language": language(), ...credential.headers() } });
  if (!answer.ok) throw await problemOf(answer);
  return answer.json();
}
