// SPDX-License-Identifier: Apache-2.0
// What codes are called, asked once. A code that nobody named is shown as it is.
import { getAlone, perhaps } from "./api.js";
import { language, t } from "./words.js";

let views = [], units = new Map(), places = new Map(), types = new Map(), typeGroups = new Map(), kinds = new Map(), triggers = new Map(), feeds = new Map(), classes = new Map(), rules = new Map(), fields = new Map(), stations = new Map();
const index = (rows, key) => new Map((rows || []).map((row) => [row[key], row]));

export async function loadNames() {
  const [known, names] = await Promise.all([getAlone("api/units"), perhaps(getAlone("api/names"), {}), loadViews()]);
  units = index(known.units, "unit");
  places = index(names.divisions, "code");
  types = index(names.types, "code");
  typeGroups = index(names.type_groups, "group");
  kinds = index(names.kinds, "kind");
  triggers = index(names.triggers, "trigger");
  feeds = index(names.feeds, "feed");
  classes = index(names.limit_classes, "class");
  rules = index(names.rules, "rule");
  fields = index(names.fields, "field");
  stations = index(names.stations, "station");
}

// What each view's rows look like; a new one is there when the aggregator was started again.
export async function loadViews() {
  views = (await perhaps(getAlone("api/views"), {})).views || [];
}

export const viewList = () => views;
export const viewNamed = (name) => views.find((one) => one.view === name);
// Whether a view's rows can be made by these, and narrowed to them: a district may keep it by fewer.
export const isKeptBy = (name, groups) => groups.every((group) => viewNamed(name)?.groups.includes(group));
export const hasColumn = (name, column) => Boolean(viewNamed(name)?.columns?.some((one) => one.column === column));
export const columnName = (name, column) => called(viewNamed(name)?.columns?.find((one) => one.column === column)) || column;
// Of a dated formula: what weighs how much in the version that held on that day; a row's day is that of the newest of all its formulas. null: not known, as of days that two versions judge.
export const weightsOf = (name, column, day) => viewNamed(name)?.columns?.find((one) => one.column === column)?.versions?.findLast((version) => /^\d/.test(day) && version.valid_from <= day)?.weights || null;
export const unitName = (code) => (code ? called(units.get(code)) || code : t("not_dispatched"));
export const placeName = (code) => (code ? called(places.get(code)) || code : t("no_place"));
export const isUnit = (code) => units.has(code);
export const isType = (code) => types.has(code);
export const isPlace = (code) => places.has(code);
export const typeName = (code) => (code ? called(types.get(code)) || code : t("no_type"));
export const parentOf = (code) => places.get(code)?.parent_code || "";
// A community is named with its street: several have the same name.
export const communityName = (code) => [parentOf(code) && placeName(parentOf(code)), placeName(code)].filter(Boolean).join(" ");
export const kindList = () => [...kinds.keys()];
export const isKind = (code) => kinds.has(code);
export const kindName = (code) => called(kinds.get(code)) || code;
export const stationName = (code) => stations.get(code)?.name || code;
export const stageName = (kind, stage) => kinds.get(kind)?.stages?.[stage]?.[language() === "en" ? 1 : 0] || stage;
export const feedName = (code) => called(feeds.get(code)) || code;
export const districtName = () => [...places.values()].find((place) => place.level === "district")?.name || "";

// A chart has little room.
export const shortName = (name) => name.replace(/办事处$/, "").replace(/[(\uff08].*[)\uff09]$/, "").replace(/(?<=..)(街道|地区)$/, "") || name;

export const unitKind = (code) => units.get(code)?.kind;
export const unitList = () => [...units.values()];
export const typeList = () => [...types.values()];
export const typeGroupList = () => [...typeGroups.values()];
export const streets = () => [...places.values()].filter((place) => place.level === "street");
export const unitOfStreet = (street) => (units.has(`s${street}`) ? `s${street}` : "");
export const unitOfType = (type) => types.get(type)?.unit || "";

// What was chosen of types: codes of them, and of groups that the district has a name for; one, several or none.
export const typesOf = (words) => [...new Set((words || "").split(",").filter(Boolean))];
export const typesName = (words) => typesOf(words).map((code) => called(typeGroups.get(code)) || typeName(code)).join("、");

export const isTypes = (code) => types.has(code) || typeGroups.has(code);

// The same as a question: of a type all below it too; what a group is, the API knows.
export function typesAsked(words) {
  const chosen = typesOf(words), found = chosen.filter((code) => !typeGroups.has(code));
  for (const parent of found) for (const type of types.values()) if (type.parent_code === parent && !found.includes(type.code)) found.push(type.code);
  return { type_code: found.join(","), type_group: chosen.filter((code) => typeGroups.has(code)).join(",") };
}

// Names of data are Chinese in either language, but where a file has another: a screen reader has to know.
export const langOfNames = (text) => (language() === "en" && (text === undefined || /[\u4e00-\u9fff]/.test(text)) ? "zh-CN" : null);

// What a file calls its own in one language or in two: a view and its columns, too.
export const called = (row) => (language() === "en" && row?.name_en) || row?.name;
export const triggerName = (code) => called(triggers.get(code)) || code;
export const limitName = (code) => called(classes.get(code)) || code;
// A rule is called as its file says, else by our word for it; what was asked of the desk and what it answered are rules too, and so are stages of its kind.
export const ruleWords = (rule, kind) => called(rules.get(rule)) || ["rule", "cause", "move"].map((of) => t(`${of}_${rule}`)).find((words) => words !== rule) || stageName(kind, rule);
// Of a field of a case, and of one of its values.
export const fieldName = (field, ours = field) => called(fields.get(field)) || ours;
export const valueName = (field, value) => called(fields.get(`${field}:${value}`)) || String(value);
