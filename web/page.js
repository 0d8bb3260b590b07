// SPDX-License-Identifier: Apache-2.0
// Where the door is and who asks, as the aggregator says.
import { get, perhaps } from "./api.js";

const NOBODY = { door: "", who: { kind: "reader", name: null, all: true } };
let known = NOBODY;

export async function loadPage() {
  try {
    known = await perhaps(get("api/page"), known);
  } catch (problem) {
    if (problem.status === 401) known = NOBODY; // who asks is not who asked before
    throw problem;
  }
  return known;
}

export const door = () => known.door;
export const who = () => known.who;
