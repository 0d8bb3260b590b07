// SPDX-License-Identifier: Apache-2.0
// Where the door is and who asks, as the aggregator says.
import { get, perhaps } from "./api.js";

let known = { door: "", who: { kind: "reader", name: null, all: true } };

export async function loadPage() {
  known = await perhaps(get("api/page"), known);
  return known;
}

export const door = () => known.door;
export const who = () => known.who;
