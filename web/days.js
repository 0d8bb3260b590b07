// SPDX-License-Identifier: Apache-2.0
// Which civil days a choice means. "Today" is the district's, told by its newest tick.

export const RANGES = ["today", "yesterday", "week", "month", "period", "last_period", "all"];

// Days that nobody named so are today.
export const rangeOf = ({ range }) => (RANGES.includes(range) ? range : RANGES[0]);

export function shift(day, days) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86400000).toISOString().slice(0, 10);
}

// A period of the month's review goes from the 19th to the 18th.
export function periodStart(day) {
  const first = `${day.slice(0, 8)}19`;
  if (day >= first) return first;
  const before = shift(`${day.slice(0, 8)}01`, -1);
  return `${before.slice(0, 8)}19`;
}

// A day there is: who types 02-30 into the address means none.
const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text || "") && Date.parse(`${text}T00:00:00Z`) > 0 && shift(text, 0) === text;

// The days a person named, which win over the range; null: none.
export function ownDays({ from, to }) {
  return isDay(from) || isDay(to) ? { from: isDay(from) ? from : undefined, to: isDay(to) ? to : undefined } : null;
}

// {from, to} of days, both included; {} is everything.
export function daysOf(state, day) {
  const own = ownDays(state);
  if (own) return own;
  switch (rangeOf(state)) {
    case "yesterday": return { from: shift(day, -1), to: shift(day, -1) };
    case "week": return { from: shift(day, -6), to: day };
    case "month": return { from: shift(day, -29), to: day };
    case "last_period": return { from: periodStart(shift(periodStart(day), -1)), to: shift(periodStart(day), -1) };
    case "period": return { from: periodStart(day), to: day };
    case "all": return {};
    default: return { from: day, to: day };
  }
}

// How many days there are, both ends among them; of what has an end that is open: no number.
export const lengthOf = ({ from, to }) => 1 + (Date.parse(to) - Date.parse(from)) / 86400000;

// No more of them than the API takes: the newest.
export const newestOf = (days, most) => (lengthOf(days) > most ? { from: shift(days.to, 1 - most), to: days.to } : days);

// The days before them that they are held against: of a period the period before, else as many days. null: there are none.
export function daysBefore(state, day) {
  const { from, to } = daysOf(state, day);
  if (!from || !to) return null;
  const last = shift(from, -1);
  if (!ownDays(state) && /period$/.test(rangeOf(state))) return { from: periodStart(last), to: last };
  return { from: shift(from, -1 - (Date.parse(to) - Date.parse(from)) / 86400000), to: last };
}

// The same days as moments of a list, whose end is not included.
export function momentsOf(days) {
  return { from: days.from, to: days.to && shift(days.to, 1) };
}
