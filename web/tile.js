// SPDX-License-Identifier: Apache-2.0
// One number with its name and what it is measured against.
import { make } from "./dom.js";
import { t } from "./words.js";

// What is known within a few parts of a hundred says so.
export const about = (text) => (text === "–" ? text : [make("small", { class: "about" }, t("about")), " ", text]);

// note: [[label, value, id or null], …] beneath; tone: good, warn, bad; href: where it is explained; words: of what the title is.
export function tile({ id, title, value, notes = [], tone = "", href, words }) {
  return make(href ? "a" : "div", { class: `tile ${tone}`.trim(), href, "data-key": id },
    make("h2", { title: words || null }, title, words ? make("small", { class: "soft" }, ` ${words}`) : null),
    make("p", { id, class: "big" }, value),
    make("ul", {}, notes.filter(Boolean).map(([label, text, noteId]) => make("li", {}, `${label} `, make("b", { id: noteId || null }, text)))));
}
