// SPDX-License-Identifier: Apache-2.0
// On the wall screen nobody scrolls: a list shows as many lines as have room, and the next ones after a while. Which turn it is, is told
// by the time alone: a refresh draws every line anew and goes on where it was.
import { make } from "./dom.js";

const TURN_MS = 10000; // two refreshes

const LISTS = ["#board li", "tbody tr", ".causes li", ".found li", ".slow li", ".dots li"];

// Lines in the order of the page; what stands beside the others is of their line.
function pagesOf(items, room) {
  const pages = [];
  let top = 0;
  for (const item of items) {
    const box = item.getBoundingClientRect();
    if (!pages.length || box.bottom - top > room + 0.5) {
      pages.push([]);
      top = box.top;
    }
    pages.at(-1).push(item);
  }
  return pages;
}

function turn(panel, items) {
  const box = items[0].closest(".scroll, ul"), room = box.getBoundingClientRect().bottom - items[0].getBoundingClientRect().top;
  const pages = pagesOf(items, room), n = Math.floor(Date.now() / TURN_MS) % pages.length;
  pages.forEach((page, at) => page.forEach((item) => item.toggleAttribute("hidden", at !== n)));
  if (pages.length > 1) panel.querySelector("h2").append(make("span", { class: "turn" }, `${n + 1}/${pages.length}`));
}

// Of what has just been drawn.
export function cycle(view) {
  for (const panel of view.querySelectorAll(".panel"))
    for (const list of LISTS) {
      const items = [...panel.querySelectorAll(list)].filter((item) => !item.closest("details"));
      if (items.length) turn(panel, items);
    }
}
