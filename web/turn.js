// SPDX-License-Identifier: Apache-2.0
// A turn of the page: what stands in its head and what its view shows, asked at once. Which day it is, is guessed by the turn
// before; where it was another, the view is asked again. What the head asks for seldom and the view has just read is one number.
import { askStatus } from "./status.js";

export const EVERY_MS = 5000;

let newest = null; // clock

export async function askTurn(view, state) {
  const guess = newest;
  const [status, data] = await Promise.all([askStatus(), guess && view.ask(state, guess)]);
  newest = status.clock;
  const found = guess?.day === newest.day ? data : await view.ask(state, newest);
  return { status: { ...status, ...view.head?.(found, state) }, data: found };
}
