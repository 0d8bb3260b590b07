// SPDX-License-Identifier: Apache-2.0
// A table that says what it is, whose columns sort by a button, and whose last row may be the sum.
import { make } from "./dom.js";
import { address } from "./state.js";
import { t } from "./words.js";

const isNumber = (column) => column.kind === "number";
const classOfColumn = (column) => [isNumber(column) ? "number" : "", column.class || ""].join(" ").trim() || null;

function sorted(rows, columns, sort) {
  const column = columns.find((one) => one.key === sort.key);
  if (!column) return rows;
  const value = column.value || ((row) => row[column.key]);
  const sign = sort.down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = value(a), y = value(b);
    if (x === null || x === undefined) return y === null || y === undefined ? 0 : 1; // no data is last, either way
    if (y === null || y === undefined) return -1;
    return sign * (typeof x === "string" ? x.localeCompare(y, "zh-CN") : x - y);
  });
}

function sortOf(id, state, first) {
  const [of, key, way] = (state.sort || "").split(".");
  return of === id ? { key, down: way === "down" } : first || { key: "" };
}

// Of a list that comes by pages it is the API that sorts: by few columns, each in one way.
function orderHead(column) {
  const { key, title, order: { href, isOn, down } } = column;
  return make("th", { scope: "col", class: classOfColumn(column), "data-key": key, "aria-sort": isOn ? (down ? "descending" : "ascending") : null },
    make("a", { href, class: "sort", title: t("sort_by", { what: title }) }, title, make("span", { class: "way", "aria-hidden": "true" }, isOn ? (down ? "▼" : "▲") : "")));
}

function head(column, id, sort) {
  if (column.order) return orderHead(column);
  const isOn = sort.key === column.key;
  const down = isOn ? !sort.down : isNumber(column);
  const mark = isOn ? (sort.down ? "▼" : "▲") : "";
  return make("th", { scope: "col", lang: column.lang, class: classOfColumn(column), "aria-sort": isOn ? (sort.down ? "descending" : "ascending") : null },
    column.fixed ? column.title
      : make("a", { href: address({ sort: `${id}.${column.key}.${down ? "down" : "up"}` }), class: "sort", title: t("sort_by", { what: column.title }) },
        column.title, make("span", { class: "way", "aria-hidden": "true" }, mark)));
}

const cellOf = (column, row) => (column.cell ? column.cell(row) : row[column.key]);

function line(columns, row, tag = "td") {
  return columns.map((column, n) => make(n === 0 ? "th" : tag,
    { scope: n === 0 ? "row" : null, class: classOfColumn(column) }, cellOf(column, row) ?? "–"));
}

// columns: {key, title, kind: "number", value(row) to sort by, cell(row) to show, fixed: does not sort, order: {href, isOn, down} where the API does}
// most: how many of them are drawn, the first as they are sorted; all otherwise
// keyOf(row) makes rows keep their place in the page when others come and go.
export function table({ id, caption, columns, rows, foot, state, keyOf, first, visible, classOf, most }) {
  if (!rows.length) return make("p", { class: "none" }, t("nothing"));
  const sort = sortOf(id, state, first);
  return make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption },
    make("table", { id },
      make("caption", { class: visible ? null : "hear" }, caption),
      make("thead", {}, make("tr", {}, columns.map((column) => head(column, id, sort)))),
      make("tbody", {}, sorted(rows, columns, sort).slice(0, most).map((row) =>
        make("tr", { "data-key": keyOf?.(row), class: classOf?.(row) || null }, line(columns, row)))),
      foot && make("tfoot", {}, make("tr", {}, line(columns, foot)))));
}
