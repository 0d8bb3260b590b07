// SPDX-License-Identifier: Apache-2.0
// What somebody who does not look at the page has to hear, and the line above the page that says what is wrong.
import { byId } from "./dom.js";

// Numbers that move are not told: only where one is, what went wrong, what came of what one did.
export function announce(text) {
  const place = byId("said");
  place.textContent = "";
  requestAnimationFrame(() => {
    place.textContent = text;
  });
}

export function notice(text, kind = "") {
  const place = byId("notice");
  if (place.textContent !== text) place.textContent = text;
  place.className = kind;
  place.hidden = !text;
}
