// SPDX-License-Identifier: Apache-2.0
// Columns of any view's table: how a number of each form is written, what stands above it, and what a code is called.
import { make } from "./dom.js";
import { duration, isNothing, percent, whole } from "./format.js";
import { casesBehind, codeName, groupTitle, TOTAL } from "./groups.js";
import { called, langOfNames } from "./names.js";
import { t } from "./words.js";

export const FORMS = {
  count: whole, level: whole, rate: percent, seconds: duration,
  score: (value) => (isNothing(value) ? t("no_data") : Number(value).toFixed(2)),
  truth: (value) => (isNothing(value) ? "–" : t(value ? "closes" : "does_not_close")),
};
const STATS = { n: "n", avg: "average", p50: "median", p90: "p90" };
const statWords = (stat) => (STATS[stat] ? t(STATS[stat]) : stat);

// Measures of several numbers each make a table too wide: one of them is chosen.
export const durationsOf = (view) => [...new Map(view.columns.filter(({ stat }) => stat).map((one) => [one.measure, called(one)]))];

// The mean of units has rates alone, and of how many units they are.
export function columnsOf({ view, method, only }) {
  if (!method) return view.columns.filter(({ measure }) => !only || measure === only);
  return [...view.columns.filter(({ form }) => form === "rate" || form === "score"), { column: "n", name: t("units_with_data"), form: "count" }];
}

// A duration stands with another unit than a count where the case was handed on between.
const isByLead = (view, by) => view.each === "case" && by.includes("unit") && view.columns.some(({ stat }) => stat) && view.columns.some(({ form, stat }) => form === "count" && !stat);

// What each rate is a rate of, what of a view by its limits is in none, and with whom what stands.
export function definitions({ view, by, method, only }) {
  const nameOf = (measure) => called(view.columns.find((one) => one.measure === measure)) || measure;
  const rates = columnsOf({ view, method, only }).filter((one) => one.of).map((one) => `${called(one)} = ${nameOf(one.of[0])} ÷ ${nameOf(one.of[1])}`).map((words) => make("span", { lang: langOfNames(words) }, words));
  return [...rates, view.cohort === "due" ? t("fallen_due") : null, !method && isByLead(view, by) ? t("whose_times") : null].filter(Boolean).flatMap((one, n) => (n ? [t("semicolon"), one] : [one]));
}

export const numberColumn = ({ column, form, stat, ...named }) => ({ key: column, title: stat ? `${called(named)} ${statWords(stat)}` : called(named), kind: "number", lang: langOfNames(called(named)),
  value: (row) => (isNothing(row[column]) ? null : Number(row[column])), cell: (row) => (row.suppressed && isNothing(row[column]) ? t("too_few") : FORMS[form](row[column])) });

function codeColumn(data, name, n) {
  const { view } = data;
  const code = (row) => {
    const words = codeName(name, row[name], view.kind), href = n === 0 && casesBehind(data, row);
    return href ? make("a", { href, lang: langOfNames(words) }, words) : make("span", { lang: langOfNames(words) }, words);
  };
  return { key: name, title: groupTitle(name), value: (row) => (view.buckets.includes(name) ? row[name] : codeName(name, row[name], view.kind)), cell: (row) => (row.isSum ? (n ? "" : t("sum")) : code(row)) };
}

export function codeColumns(data) {
  if (data.by.length) return data.by.map((name, n) => codeColumn(data, name, n));
  return [{ key: TOTAL, title: t("sum"), fixed: true, cell: () => t("sum") }];
}
