// SPDX-License-Identifier: Apache-2.0
// 三率 of a period: what was called back, answered, solved, liked. Who has no valid call-back has no data, no rate and no rank.
import { oneOf, perhaps, rowsOf } from "./api.js";
import { bar, choice, daysWords } from "./control.js";
import { daysOf, periodStart, shift } from "./days.js";
import { make } from "./dom.js";
import { isNothing, percent, whole } from "./format.js";
import { columnName, langOfNames, unitKind, unitName, weightsOf } from "./names.js";
import { FEW } from "./picture.js";
import { table } from "./table.js";
import { tile } from "./tile.js";
import { tierOf } from "./units.js";
import { t } from "./words.js";

const RATES = ["response", "solution", "satisfaction"];

// The review's period, the one before, the month, or the days a person named.
function periodOf(state, clock) {
  const start = periodStart(clock.day);
  switch (state.period) {
    case "last": return { from: periodStart(shift(start, -1)), to: shift(start, -1) };
    case "month": return { from: `${clock.day.slice(0, 8)}01`, to: clock.day };
    case "days": return daysOf(state, clock.day);
    default: return { from: start, to: clock.day };
  }
}

export async function ask(state, clock) {
  const days = periodOf(state, clock), query = { ...days, scope: state.scope };
  const [rows, pooled, mean, all] = await Promise.all([rowsOf("three_rates", { ...query, by: "unit" }), oneOf("three_rates", query),
    perhaps(oneOf("three_rates", { ...query, method: "mean" }), {}), state.scope === "net" ? oneOf("three_rates", days) : null]);
  return { days, rows: rows.filter((row) => row.orders || row.reviewed), pooled, mean, isWhole: all !== null && all.orders === pooled.orders };
}

const score = (value) => (isNothing(value) ? t("no_data") : Number(value).toFixed(2));

// "响应 20 % · 解决 40 % · 满意 40 %". A district's own part is called as it calls it.
const share = (weight) => `${Number((weight * 100).toFixed(2))} %`;

function formulaNotes({ formula }) {
  const weights = weightsOf("three_rates", "score", formula);
  const words = weights && Object.entries(weights).map(([part, weight]) => `${RATES.includes(part) ? t(`weigh_${part}`) : columnName("three_rates", part)} ${share(weight)}`).join(" · ");
  return [[t("formula"), formula === "mixed" ? t("mixed") : formula || "–"], ...(words ? [[t("weights"), words, "weights"]] : [])];
}

function tiles({ pooled, mean }) {
  const of = (key) => (pooled.valid ? pooled[key] : null);
  return make("div", { class: "tiles" },
    tile({ id: "score", title: t("score"), value: score(of("score")), notes: [[t("mean_of_units"), score(mean.score)], ...formulaNotes(pooled)] }),
    RATES.map((key) => tile({ id: key, title: t(key), value: percent(of(key)), notes: [[t(`is_${key}`), ""], [t("mean_of_units"), percent(mean[key])]] })),
    tile({ id: "valid", title: t("valid"), value: whole(pooled.valid || 0), notes: [[t("reviewed"), whole(pooled.reviewed || 0)], [t("opened"), whole(pooled.orders || 0)]] }));
}

// Of a few call-backs one more changes everything: such numbers are pale.
const isFew = (row) => row.valid > 0 && row.valid < FEW;

function rateCell(key) {
  return { key, title: t(key), kind: "number", value: (row) => (row.valid ? row[key] : null), cell: (row) => {
    const rate = row.valid ? row[key] : null, [name, , sign] = tierOf(rate);
    return make("span", { class: `tier ${name}${isFew(row) ? " few" : ""}` }, make("span", { "aria-hidden": "true" }, `${sign} `), percent(rate));
  } };
}

// 街乡 and the others are ranked apart, as `citybrain report` does: whose score is the greatest is first, of equal ones who has more
// orders; who is equal in both has one rank, and who has no score, or is nobody, has none.
const scoreOf = (row) => (row.valid && !isNothing(row.score) ? Number(row.score) : null);
const peersOf = (row) => (!row.unit ? "none" : unitKind(row.unit) === "street" ? "street" : "other");
const isBefore = (a, b) => scoreOf(a) > scoreOf(b) || (scoreOf(a) === scoreOf(b) && a.orders > b.orders);
const placeOf = (row) => (row.rank === null ? null : (peersOf(row) === "street" ? 0 : 1e6) + row.rank);

function ranked(rows) {
  const some = rows.filter((row) => row.unit && scoreOf(row) !== null);
  const rankOf = (row) => (some.includes(row) ? 1 + some.filter((one) => peersOf(one) === peersOf(row) && isBefore(one, row)).length : null);
  return [...rows].sort((a, b) => b.valid - a.valid).map((row) => ({ ...row, rank: rankOf(row) }));
}

export const title = () => t("v_rates");

export function draw(state, data) {
  const { days, rows } = data;
  return [bar(choice(t("period"), ["", "last", "month"].map((one) => [one, t(`period_${one || "this"}`)]), state.period || "", (one) => ({ period: one })),
    choice(t("scope"), [["", t("scope_all")], ["net", t("scope_net")]], state.scope || "", (one) => ({ scope: one })),
    make("p", { class: "note", id: "rates_days" }, daysWords(days)), data.isWhole && make("p", { class: "note", id: "none_excluded" }, t("none_excluded"))),
  tiles(data),
  make("section", { class: "panel", "aria-labelledby": "rates_title" }, make("header", {}, make("h2", { id: "rates_title" }, t("rates_by_unit")), make("p", { class: "note" }, t("rates_note"))),
    table({ id: "rates", caption: t("rates_by_unit"), state, rows: ranked(rows), first: { key: "rank" }, keyOf: (row) => row.unit || "none", columns: [
      { key: "unit", title: t("unit"), value: (row) => unitName(row.unit), cell: (row) => make("span", { lang: langOfNames() }, unitName(row.unit)) },
      { key: "rank", title: t("rank"), kind: "number", value: placeOf, cell: (row) => make("span", { class: row.rank === null ? "soft" : isFew(row) ? "few" : null }, row.rank ?? t("no_rank")) },
      { key: "peers", title: t("peers"), value: (row) => t(`peers_${peersOf(row)}`), cell: (row) => t(`peers_${peersOf(row)}`) },
      { key: "orders", title: t("opened"), kind: "number", cell: (row) => whole(row.orders) },
      { key: "valid", title: t("valid"), kind: "number", cell: (row) => whole(row.valid) },
      ...RATES.map(rateCell),
      { key: "score", title: t("score"), kind: "number", value: scoreOf, cell: (row) => make("span", { class: isFew(row) ? "few" : null }, score(row.valid ? row.score : null)) }] }),
    make("p", { class: "note", id: "rates_defined" }, t("rates_defined", { few: FEW })))];
}
