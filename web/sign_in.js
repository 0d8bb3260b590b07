// SPDX-License-Identifier: Apache-2.0
// A person says who he is: his name, for the record, and his token, which stays in this tab's memory.
import { announce } from "./announce.js";
import { forgetSeldom } from "./api.js";
import { credential } from "./credential.js";
import { byId, make } from "./dom.js";
import { unitName } from "./names.js";
import { loadPage, who } from "./page.js";
import { t } from "./words.js";

let fault = "";

async function submit(event) {
  event.preventDefault();
  credential.take(byId("token").value, byId("person").value);
  fault = "";
  try {
    const { who: me } = await loadPage();
    announce(t("signed_in", { who: me.name || t("reader") }));
  } catch (problem) {
    credential.forget();
    fault = problem.status === 401 ? t("bad_token") : problem.message;
    announce(fault);
  }
  forgetSeldom();
  dispatchEvent(new Event("refresh"));
}

// The view asks anew, as nobody: whether that is answered is for the API to say.
function leave() {
  credential.forget();
  forgetSeldom();
  dispatchEvent(new Event("left"));
  announce(t("signed_out"));
  dispatchEvent(new Event("refresh"));
}

const input = (id, label, more) => make("label", { class: "field tall" }, make("span", {}, label), make("input", { id, required: true, autocomplete: "off", ...more }));

// The desk's own: a unit's token that is not the desk's may read, and decides nothing.
export const isDesk = () => credential.is() && who().name === "desk";

const form = () => make("form", { id: "sign_in", class: "decide", onsubmit: submit }, input("person", t("your_name"), { maxlength: "64" }), input("token", t("your_token"), { type: "password" }),
  make("p", { class: "note" }, t("token_note")), fault ? make("p", { class: "bad" }, fault) : null, make("p", {}, make("button", { type: "submit", class: "button main" }, t("sign_in"))));

// Folded where there is something else to read.
export function signIn({ folded = false } = {}) {
  if (credential.is()) return make("section", { class: "panel", id: "identity", "aria-label": t("identity") },
    make("p", {}, t("you_are", { who: credential.person(), unit: who().name ? unitName(who().name) : t("reader") }), " ",
      make("button", { type: "button", class: "button", onclick: leave }, t("sign_out"))),
    isDesk() ? null : make("p", { class: "bad" }, t("not_desk")));
  if (folded) return make("section", { class: "panel", id: "identity", "aria-label": t("identity") }, make("details", { "data-key": "sign_in", open: Boolean(fault) }, make("summary", {}, t("sign_in_to_decide")), form()));
  return make("section", { class: "panel", id: "identity", "aria-labelledby": "identity_title" }, make("header", {}, make("h2", { id: "identity_title" }, t("identity"))), form());
}
