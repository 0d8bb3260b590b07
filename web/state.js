// SPDX-License-Identifier: Apache-2.0
// What is looked at stands in the address, behind the #: a link is a view, the back button is a step back, and two people
// who send each other an address see the same. Credentials are never part of it.

const DEFAULTS = { view: "overview", range: "today", measure: "contact", group: "unit" };
// What is compared needs more than a morning has.
const RANGES = { units: "week", times: "week" };
const defaultsOf = (view) => ({ ...DEFAULTS, ...(Object.hasOwn(RANGES, view) && { range: RANGES[view] }) });
const LASTING = ["lang", "theme", "wall"]; // go with a person from view to view

const said = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

export function read() {
  const words = said();
  return { ...defaultsOf(words.view), ...words };
}

function write(state) {
  const defaults = defaultsOf(state.view);
  const words = Object.entries(state).filter(([name, value]) => value !== "" && value !== undefined && value !== null && defaults[name] !== value);
  return `#${new URLSearchParams(words)}`;
}

// The address with these words changed; "" takes one out.
export const address = (changes) => write({ ...said(), ...changes });

// The address of another view: of what was chosen by now only the range and what goes with a person.
export function viewAddress(view, words = {}) {
  const now = said();
  const kept = Object.fromEntries([...LASTING, "range", "from", "to"].map((name) => [name, now[name]]));
  return write({ ...kept, view, ...words });
}

export function go(hash) {
  location.hash = hash;
}

// Without a step of its own for the back button.
export function put(changes) {
  history.replaceState(null, "", address(changes) === "#" ? location.pathname : address(changes));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
