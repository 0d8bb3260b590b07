// SPDX-License-Identifier: Apache-2.0
// Elements from words, and a place whose content becomes another one while focus, scroll and what a person has typed
// or unfolded stay. Children with data-key are known by it wherever they move; what has data-keep is somebody else's.

const HANDLERS = ["onclick", "onchange", "oninput", "onsubmit", "onkeydown"];

export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (HANDLERS.includes(name)) element[name] = value;
    else if (name === "style") for (const [what, how] of Object.entries(value)) element.style.setProperty(what, how);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

const isSame = (a, b) => a.nodeName === b.nodeName && a.id === b.id && a.dataset?.key === b.dataset?.key;

// What a person unfolds stays as he left it.
const isHis = (element, name) => name === "open" && element.nodeName === "DETAILS";

function syncAttributes(old, made) {
  for (const { name } of [...old.attributes])
    if (!made.hasAttribute(name) && !isHis(old, name)) old.removeAttribute(name);
  for (const { name, value } of made.attributes)
    if (name !== "style" && !isHis(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (old.style.cssText !== made.style.cssText) old.style.cssText = made.style.cssText; // the policy forbids the attribute
  for (const name of HANDLERS) old[name] = made[name];
}

function become(old, made) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== made.data) old.data = made.data;
    return;
  }
  if (old.dataset.keep !== undefined) return;
  syncAttributes(old, made);
  fill(old, [...made.childNodes]);
  if (old.nodeName === "SELECT" && old !== document.activeElement && made.dataset.value !== undefined) old.value = made.dataset.value;
}

export function fill(place, made) {
  const fresh = [made].flat(Infinity).filter(Boolean);
  const keyed = new Map([...place.childNodes].filter((node) => node.dataset?.key).map((node) => [node.dataset.key, node]));
  let at = place.firstChild;
  for (const child of fresh) {
    const node = typeof child === "string" ? document.createTextNode(child) : child;
    const old = keyed.get(node.dataset?.key) || at;
    if (old && isSame(old, node)) {
      if (old === at) at = at.nextSibling;
      else place.insertBefore(old, at);
      become(old, node);
    } else place.insertBefore(node, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

export const byId = (id) => document.getElementById(id);
