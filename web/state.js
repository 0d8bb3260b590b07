// SPDX-License-Identifier: Apache-2.0
// What is looked at stands in the address, behind the #: a link is a view, the back button is a step back, and two people
// who send each other an address see the same. Credentials are never part of it.

const DEFAULTS = { view: "overview", range: "today", measure: "contact", group: "unit" };
const LASTING = ["lang", "theme", "wall"]; // go with a person from view to view

export function read() {
  const said = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  return { ...DEFAULTS, ...said };
}

function write(state) {
  const words = Object.entries(state).filter(([name, value]) => value !== "" && value !== undefined && value !== null && DEFAULTS[name] !== value);
  return `#${new URLSearchParams(words)}`;
}

// The address with these words changed; "" takes one out.
export const address = (changes) => write({ ...read(), ...changes });

// The address of another view: of what is chosen now only the range and what goes with a person.
export function viewAddress(view, words = {}) {
  const now = read();
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
