// SPDX-License-Identifier: Apache-2.0
// The running district as the tests ask it: its database, its door, its API. The runner says where they are.
import { execFileSync } from "node:child_process";

export const page = process.env.CITYBRAIN_API, door = process.env.CITYBRAIN_URL;

// Rows of a SELECT as objects.
export function sql(statement) {
  const out = execFileSync("psql", ["-qAtX", "-d", process.env.CITYBRAIN_PG, "-c", `SELECT coalesce(json_agg(t), '[]') FROM (${statement}) AS t`], { encoding: "utf8" });
  return JSON.parse(out);
}

export const number = (statement) => Object.values(sql(statement)[0])[0];

export async function api(path) {
  const answer = await fetch(`${page}/api/${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

// Every record of a topic, as JSON.
export function records(topic) {
  const out = execFileSync("kcat", ["-b", process.env.CITYBRAIN_BROKERS, "-C", "-t", topic, "-e", "-q", "-o", "beginning"], { encoding: "utf8" });
  return out.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

const two = (n) => String(n).padStart(2, "0");
// "2026-03-01 08:00:00" in the district.
export function local(ms) {
  const at = new Date(ms + 480 * 60000);
  return `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

export async function post(feed, rows) {
  const answer = await fetch(`${door}/v1/feeds/${feed}`, { method: "POST", body: rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
    headers: { "Content-Type": "application/x-ndjson", Authorization: `Bearer demo-${feed}` } });
  const said = await answer.json();
  if (answer.status !== 200 || said.rejected) throw new Error(`${feed}: ${answer.status} ${JSON.stringify(said).slice(0, 400)}`);
  return said;
}

// Of a unit about a case, by its own door.
export async function say(unit, name, stage, data = {}) {
  const record = { case: name, stage, time: new Date().toISOString(), data };
  const answer = await fetch(`${door}/v1/units/${unit}/status`, { method: "POST", body: JSON.stringify(record), headers: { "Content-Type": "application/json", Authorization: `Bearer demo-${unit}` } });
  const said = await answer.json();
  if (answer.status !== 200 || said.rejected) throw new Error(`${unit} ${stage}: ${answer.status} ${JSON.stringify(said).slice(0, 400)}`);
}

export const order = (number_, more = {}) => ({ 工单编号: number_, 受理时间: local(Date.now() - 60000), 诉求性质: "投诉", 问题分类: "R0105", 反映街乡: "110105001", ...more });

export async function until(question, what, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((done) => setTimeout(done, 150));
  }
}
