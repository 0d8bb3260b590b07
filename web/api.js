// SPDX-License-Identifier: Apache-2.0
// Questions to the read API. What did not change comes from the browser's own copy: answers carry tags.
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

export async function get(path, query = {}) {
  const words = new URLSearchParams(clean(query)).toString();
  const answer = await fetch(`${path}${words ? `?${words}` : ""}`, {
    cache: "no-cache", credentials: "omit", headers: { "Accept-Language": language(), ...credential.headers() } });
  if (!answer.ok) throw await problemOf(answer);
  return answer.json();
}

export const rowsOf = async (view, query) => (await get(`api/views/${view}`, query)).rows;
export const oneOf = async (view, query) => (await rowsOf(view, query))[0] || {};

// What is not there, or not for who asks, is nothing; anything else is a fault.
export async function perhaps(question, otherwise = null) {
  try {
    return await question;
  } catch (problem) {
    if (problem.status === 403 || problem.status === 404) return otherwise;
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
