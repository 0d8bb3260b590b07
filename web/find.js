// SPDX-License-Identifier: Apache-2.0
// A number that somebody reads out leads to its case, from wherever one is.
import { announce } from "./announce.js";
import { get } from "./api.js";
import { make } from "./dom.js";
import { go, viewAddress } from "./state.js";
import { t } from "./words.js";

const isWhole = (text) => text.split(":").length >= 3; // kind:namespace:number

// One case opens; several, or none, are a list that says so.
async function find(event) {
  event.preventDefault();
  const input = event.target.elements.number, number = input.value.trim();
  if (!number) return;
  let only = isWhole(number) ? number : null;
  try {
    const { rows } = only ? { rows: [] } : await get("api/cases", { number, limit: 2 });
    if (rows.length === 1) only = rows[0].case;
  } catch {
    // the list tells what is wrong
  }
  input.value = "";
  announce(t("found_n", { number }));
  go(only ? viewAddress("case", { case: only }) : viewAddress("cases", { number }));
}

export const findForm = () => make("form", { id: "find", role: "search", "aria-label": t("find"), onsubmit: find },
  make("input", { type: "search", name: "number", id: "find_number", "aria-label": t("find"), placeholder: t("find"), autocomplete: "off", spellcheck: "false", maxlength: "200" }));
