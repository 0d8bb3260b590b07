// SPDX-License-Identifier: Apache-2.0
// Lists of cases, as the overview, a unit and the desk show them.
import { make } from "./dom.js";
import { dueIn, moment } from "./format.js";
import { langOfNames, placeName, stageName, typeName, unitName } from "./names.js";
import { viewAddress } from "./state.js";
import { table } from "./table.js";
import { t } from "./words.js";

const SIGNS = { waiting: "○", open: "◐", held: "‖", resolved: "●", closed: "■", merged: "⇥" };

// A state is of all kinds, a stage is called as its own kind says: of a finding that the desk declined 已归档 alone would tell nothing.
export const stateSign = (state, kind, stage) => make("span", { class: `state ${state}` }, make("span", { "aria-hidden": "true" }, SIGNS[state] || "?"), ` ${t(`state_${state}`)}`,
  stage && kind !== "request" ? make("small", { class: "soft" }, ` · ${stageName(kind, stage)}`) : null);
export const kindOf = (name) => name.split(":")[0];
export const isDone = ({ state }) => ["resolved", "closed"].includes(state);

// What the stock of open cases counts: until it is closed, done or not. And of them what nobody has done yet.
export const NOT_CLOSED = "waiting,open,held,resolved,merged", NOT_DONE = "waiting,open,held";

// As people know it: without kind and source.
export const numberOf = (name) => name.split(":").slice(2).join(":") || name;

export const caseLink = (name) => make("a", { href: viewAddress("case", { case: name }), class: "case" }, numberOf(name));

export function dueMark({ due, held }, now, isOver) {
  if (!due || isOver) return make("span", { class: "soft" }, due ? moment(due, now) : isOver ? "–" : t("no_limit"));
  const { text, late, soon } = dueIn(due, now, held);
  return make("span", { class: late ? "late" : soon ? "soon" : "" }, late ? make("span", { "aria-hidden": "true" }, "▲ ") : null, text);
}

const isOver = (row) => ["resolved", "closed", "merged"].includes(row.state);
export const named = (text) => make("span", { lang: langOfNames(text) }, text);
export const placeOf = (row) => [row.street_code && placeName(row.street_code), row.community_code && placeName(row.community_code)].filter(Boolean).join(" ") || t("no_place");

const COLUMNS = {
  case: () => ({ key: "case", title: t("case"), cell: (row) => [(row.cause || row.desk_cause) === "emergency" ? [make("span", { class: "tag emergency" }, t("cause_emergency")), " "] : null, caseLink(row.case)] }),
  state: () => ({ key: "state", title: t("state"), cell: (row) => stateSign(row.state, row.kind, row.stage) }),
  type: () => ({ key: "type_code", title: t("type"), value: (row) => typeName(row.type_code), cell: (row) => named(typeName(row.type_code)) }),
  place: () => ({ key: "place", title: t("place"), value: placeOf, cell: (row) => named(placeOf(row)) }),
  unit: () => ({ key: "unit", title: t("lead"), value: (row) => unitName(row.unit), cell: (row) => (row.parent && !row.unit ? [t("with_parent"), " ", caseLink(row.parent)] : named(unitName(row.unit))) }),
  opened: (now) => ({ key: "opened", title: t("opened_at"), cell: (row) => moment(row.opened, now) }),
  due: (now) => ({ key: "due", title: t("due"), kind: "number", class: "due", value: (row) => (row.due ? Date.parse(row.due) : null), cell: (row) => dueMark(row, now, isOver(row)) }),
};

export function caseTable({ id, caption, rows, now, state, columns, visible, orders = {} }) {
  return table({ id, caption, state, visible, keyOf: (row) => row.case, rows,
    columns: columns.map((name) => ({ fixed: true, ...COLUMNS[name](now), order: orders[name] })), classOf: (row) => (row.state === "merged" ? "soft" : "") });
}
