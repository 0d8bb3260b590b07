// SPDX-License-Identifier: Apache-2.0
// Numbers and times as people read them. Times are the district's, whatever this computer's zone is.
import { t } from "./words.js";

export const isNothing = (value) => value === null || value === undefined;
export const whole = (n) => (isNothing(n) ? "–" : Number(n).toLocaleString("en-US"));
export const percent = (rate) => (isNothing(rate) ? t("no_data") : `${(rate * 100).toFixed(1)}%`);

export function duration(seconds) {
  if (isNothing(seconds)) return "–";
  if (seconds < 90) return `${Math.round(seconds)} ${t("s")}`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} ${t("min")}`;
  if (seconds < 172800) return `${(seconds / 3600).toFixed(1)} ${t("h")}`;
  return `${(seconds / 86400).toFixed(1)} ${t("d")}`;
}

// "1 天 3 时": of what has lasted, where two units say more than a fraction does.
export function spell(seconds) {
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (minutes < 1) return `${Math.max(0, Math.round(seconds))} ${t("s")}`;
  const [most, rest] = days ? [`${days} ${t("d")}`, hours % 24 && `${hours % 24} ${t("h")}`] : hours ? [`${hours} ${t("h")}`, minutes % 60 && `${minutes % 60} ${t("min")}`] : [`${minutes} ${t("min")}`, 0];
  return rest ? `${most} ${rest}` : most;
}

let zoneMinutes = 480;
export const setZone = (minutes) => {
  zoneMinutes = minutes;
};
const local = (ms) => new Date(ms + zoneMinutes * 60000).toISOString();

export const clockOf = (ms) => local(ms).slice(11, 19);
export const dayOf = (ms) => local(ms).slice(0, 10);
export const hourOf = (ms) => Number(local(ms).slice(11, 13));
export const shareOfHour = (ms) => Number(local(ms).slice(14, 16)) / 60;
// RFC 3339 of the district, for what is said to the door.
export function rfc3339(ms) {
  const sign = zoneMinutes < 0 ? "-" : "+", minutes = Math.abs(zoneMinutes);
  const two = (n) => String(n).padStart(2, "0");
  return `${local(ms).slice(0, 23)}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

// "11-26 10:24", the year where it is not this one's.
export function moment(time, now) {
  if (!time) return "–";
  const at = local(typeof time === "number" ? time : Date.parse(time));
  return at.slice(0, 4) === dayOf(now || Date.now()).slice(0, 4) ? `${at.slice(5, 10)} ${at.slice(11, 16)}` : `${at.slice(0, 10)} ${at.slice(11, 16)}`;
}

export const secondsBetween = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;

// How old it is: by the server's clock, which is the newest tick and its age, never by this computer's.
export const ageOf = (time, clock) => duration(Math.max(0, clock.now + (clock.age_ms || 0) - Date.parse(time)) / 1000);

// How long until it is due, or by how much it is overdue.
// On hold (`held`: since when) its clock stands still: what lay ahead of it then lies ahead of it now.
export function dueIn(due, now, held) {
  if (!due) return { text: t("no_limit"), late: false, soon: false };
  if (!(now > 0)) return { text: t("waits_for_tick"), late: false, soon: false }; // before the first tick nothing is late
  const left = (Date.parse(due) - Date.parse(held)) / 1000;
  if (left > 0) return { text: t("left_on_hold", { time: duration(left) }), late: false, soon: false };
  const seconds = (Date.parse(due) - now) / 1000;
  return seconds < 0
    ? { text: t("late_by", { time: duration(-seconds) }), late: true, soon: false }
    : { text: t("left", { time: duration(seconds) }), late: false, soon: seconds < 14400 };
}
