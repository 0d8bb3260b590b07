// SPDX-License-Identifier: Apache-2.0
// One number with its name and what it is measured against.
import { make } from "./dom.js";
import { t } from "./words.js";

// What is known within a few parts of a hundred says so.
export const about = (text) => (text === "–" ? text : [make("small", { class: "about" }, t("about")), " ", text]);

// note: [[label, id or null, value], …] beneath; tone: good, warn, bad; href: where it is explained.
export function tile({ id, title, value, notes = [], tone = "", href }) {
  return make(href ? "a" : "div", { class: `tile ${tone}`.trim(), href, "data-key": id },
    make("h2", {}, title),
    make("p", { id, class: "big" }, value),
    make("ul", {}, notes.filter(Boolean).map(([label, text, noteId]) => make("li", {}, `${label} `, make("b", { id: noteId || null }, text)))));
}
