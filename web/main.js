// SPDX-License-Identifier: Apache-2.0
// The frame: reads the address, asks what the view needs every few seconds, and lets the page become what it shows. "Today" and
// "now" are those of the district's newest tick, never of this computer.
import { announce, notice } from "./announce.js";
import { byId, fill, make } from "./dom.js";
import { sweep } from "./chart.js";
import { credential } from "./credential.js";
import { findForm } from "./find.js";
import { districtName, loadNames } from "./names.js";
import { loadPage } from "./page.js";
import { signIn } from "./sign_in.js";
import { go, put, read, viewAddress } from "./state.js";
import { showStatus } from "./status.js";
import { EVERY_MS, askTurn } from "./turn.js";
import { setLanguage, t } from "./words.js";
import * as cases from "./cases.js";
import * as desk from "./desk.js";
import * as figures from "./figures.js";
import * as ledger from "./ledger.js";
import * as one from "./case.js";
import * as overview from "./overview.js";
import * as place from "./place.js";
import * as rates from "./rates.js";
import * as repeats from "./repeats.js";
import * as screen from "./screen.js";
import * as stations from "./stations.js";
import * as times from "./times.js";
import * as triggers from "./triggers.js";
import * as units from "./units.js";

const VIEWS = { overview, place, times, units, rates, repeats, figures, stations, triggers, desk, cases, ledger, case: one, screen };
const NAV = ["overview", "place", "times", "units", "rates", "repeats", "figures", "stations", "triggers", "desk", "cases", "ledger"];
const THEMES = ["", "light", "dark"];

let state = read();
let newest = null; // {state, status, clock, data} on the page
let turn = 0;
let timer = 0;
let named = false;
let leaving = false; // what is under way when somebody goes is no fault

let shownIn = ""; // whose way was last brought into sight

const isView = (name) => Object.hasOwn(VIEWS, name);
const viewOf = (which) => (isView(which.view) ? VIEWS[which.view] : overview);
const unknownView = ({ view }) => view && !isView(view) && make("p", { class: "note", id: "unknown_view" }, t("unknown_view", { code: view }));
const placeOf = ({ lang, theme, sort, pages, ...rest }) => JSON.stringify(rest);

// On a phone the ways to the views are wider than the screen.
function bringIntoSight(view) {
  const ways = byId("views"), way = ways.querySelector("[aria-current]");
  if (way && view !== shownIn) ways.scrollLeft = way.offsetLeft - ways.offsetLeft - (ways.clientWidth - way.offsetWidth) / 2;
  shownIn = view;
}

function frame() {
  setLanguage(state.lang);
  const dark = state.theme === "dark" || (state.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.body.classList.toggle("screen", state.view === "screen");
  const title = viewOf(state).title(state);
  document.title = `${title} · ${t("brand")}`;
  byId("brand").textContent = `${t("brand")}${districtName() ? ` · ${districtName()}` : ""}`;
  byId("title").textContent = title;
  byId("skip").textContent = t("skip");
  byId("as_of").textContent = t("as_of");
  byId("foot").textContent = t("foot");
  byId("views").setAttribute("aria-label", t("views"));
  byId("switches").setAttribute("aria-label", t("switches"));
  byId("status").setAttribute("aria-label", t("status"));
  fill(byId("views"), NAV.map((view) => make("a", { href: viewAddress(view), "data-key": view, "aria-current": viewOf(state) === VIEWS[view] ? "page" : null }, t(`v_${view}`))));
  bringIntoSight(state.view || "");
  fill(byId("seek"), findForm());
  const theme = THEMES[(THEMES.indexOf(state.theme || "") + 1) % THEMES.length];
  fill(byId("switches"), [
    make("button", { type: "button", id: "switch_lang", lang: state.lang === "en" ? "zh-CN" : "en", onclick: () => put({ lang: state.lang === "en" ? "" : "en" }) }, t("other_language")),
    make("button", { type: "button", id: "switch_theme", onclick: () => put({ theme }), title: t("theme") }, t(`theme_${state.theme || "auto"}`)),
    make("a", { href: viewAddress("screen"), id: "switch_screen" }, t("v_screen")),
    make("a", { href: viewAddress("desk"), id: "switch_person" }, credential.is() ? credential.person() : t("sign_in"))]);
}

function show() {
  if (!newest) return;
  const view = viewOf(newest.state);
  showStatus(newest.status);
  fill(byId("view"), [unknownView(newest.state), view.draw(newest.state, newest.data, newest.clock, newest.status)]);
  sweep();
  view.after?.(newest.state, newest.data, newest.clock, newest.status);
  document.body.dataset.drawn = newest.clock.now; // told to whoever waits for the page
}

// What one person was shown is not for who comes next.
function clear(instead) {
  newest = null;
  named = false;
  fill(byId("status"), []);
  fill(byId("view"), [instead]);
}

const loading = () => make("p", { class: "none" }, t("loading"));

function fault(problem) {
  if (problem.status === 401) clear(signIn());
  if (problem.status === 401) notice(t("needs_token"));
  else if (problem.status === 404) notice(t("not_found"));
  else if (problem.status === 403) notice(t("forbidden"));
  else if (problem.status === 400) notice(problem.message);
  else notice(t("away"));
  console.warn(String(problem));
}

async function ask(mine) {
  const asked = state;
  if (!named) {
    await Promise.all([loadNames(), loadPage()]);
    named = true;
    frame();
  }
  const { status, data } = await askTurn(viewOf(asked), asked);
  if (mine !== turn) return; // somebody went on meanwhile
  newest = { state: asked, status, clock: status.clock, data };
  show();
}

async function refresh() {
  const mine = ++turn;
  clearTimeout(timer);
  try {
    if (!document.hidden) await ask(mine);
  } catch (problem) {
    if (mine === turn && !leaving) fault(problem);
  }
  if (mine !== turn) return;
  byId("view").removeAttribute("aria-busy");
  timer = setTimeout(refresh, viewOf(state).every || EVERY_MS);
}

function moved() {
  const before = state;
  state = read();
  frame();
  if (placeOf(before) !== placeOf(state)) {
    byId("view").setAttribute("aria-busy", "true");
    if (viewOf(before) !== viewOf(state)) {
      newest = null;
      fill(byId("view"), [loading()]);
      scrollTo(0, 0);
      byId("title").focus({ preventScroll: true });
    }
    announce(byId("title").textContent);
  } else if (newest) {
    newest.state = state;
    show();
  }
  refresh();
}

addEventListener("hashchange", moved);
addEventListener("redraw", show);
addEventListener("again", refresh);
addEventListener("refresh", () => {
  named = false; // another person may be told other names
  frame();
  refresh();
});
addEventListener("left", () => {
  turn++; // what is under way was asked by who left
  clear(loading());
});
addEventListener("pagehide", () => {
  leaving = true;
});
addEventListener("beforeunload", () => {
  leaving = true;
});
addEventListener("pageshow", () => {
  leaving = false;
});
addEventListener("visibilitychange", () => !document.hidden && refresh());
addEventListener("keydown", (event) => event.key === "Escape" && state.view === "screen" && go(viewAddress("overview")));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  frame();
  show();
});
let size = "";
new ResizeObserver(() => {
  const now = `${document.body.clientWidth} ${innerHeight}`;
  if (size === now) return;
  size = now;
  show();
}).observe(document.body);

byId("skip").onclick = (event) => { // the address is the view's: a jump inside the page must not change it
  event.preventDefault();
  byId("title").focus();
};
frame();
refresh();
