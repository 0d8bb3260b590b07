// SPDX-License-Identifier: Apache-2.0
// A picture with its table beneath: all that it shows stands in the table too, so the page works without ECharts and for who
// does not see pictures. Colours come from the style sheet, so light and dark are one place.
import { byId, make } from "./dom.js";
import { t } from "./words.js";

const drawn = new Map(); // element's id -> {element, chart, said}

export const hasCharts = () => typeof echarts !== "undefined";

export function palette() {
  const style = getComputedStyle(document.body);
  return new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${name}`).trim() });
}

const fontOf = () => getComputedStyle(document.body).fontFamily;

// `rows`: of the table; an empty picture is not drawn, its table says that there is nothing.
export function figure({ id, title, lang, note, legend, height, body, rows }) {
  const isDrawn = hasCharts() && rows > 0;
  return make("figure", { class: "panel", "aria-labelledby": `${id}_title` },
    make("figcaption", {},
      make("h2", { id: `${id}_title`, lang }, title),
      legend && make("p", { class: "legend", "aria-hidden": "true" }, legend)),
    note && make("p", { class: "note" }, note),
    isDrawn ? make("div", { id, class: "chart", role: "img", "aria-label": `${title}. ${t("as_table")}`, "data-keep": "", "data-key": `${id}_chart`, style: { height: `${height}px` } }) : null,
    make("details", { open: !isDrawn, "data-key": isDrawn ? `${id}_folded` : `${id}_open` },
      make("summary", {}, t("table")), make("div", { id: `${id}_table` }, body)));
}

// A mark of the legend: its colour, its shape and its word.
export const mark = (kind, text) => make("span", {}, make("i", { class: `mark ${kind}` }), text);

export function draw(id, option, height) {
  const element = byId(id);
  if (!element || !hasCharts()) return;
  let one = drawn.get(id);
  if (one && one.element !== element) {
    one.chart.dispose();
    one = null;
  }
  if (height) element.style.height = `${height}px`;
  if (!one) drawn.set(id, one = { element, chart: echarts.init(element, null, { renderer: "canvas" }), said: "" });
  const colours = palette();
  const whole = { animation: false, textStyle: { fontFamily: fontOf(), color: colours.ink }, ...option(colours) };
  const said = JSON.stringify(whole) + element.clientWidth + element.clientHeight;
  if (said === one.said) return;
  one.said = said;
  one.chart.resize();
  one.chart.setOption(whole, true);
}

// Of views that were left.
export function sweep() {
  for (const [id, one] of drawn)
    if (!one.element.isConnected) {
      one.chart.dispose();
      drawn.delete(id);
    }
}

// Words over a picture are drawn too: the policy allows no style in markup.
export function tooltip(colours, formatter) {
  return { trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: "shadow", shadowStyle: { color: colours.hover } }, formatter,
    backgroundColor: colours.card, borderColor: colours.line, textStyle: { fontFamily: fontOf(), fontSize: 13, color: colours.ink } };
}

export const splitLine = (colours) => ({ lineStyle: { color: colours.line } });
