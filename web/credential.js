// SPDX-License-Identifier: Apache-2.0
// The person's own token. It lives here and nowhere else: not in storage, not in the address; it is gone with the tab.

let token = "";
let name = "";

export const credential = {
  headers: () => (token ? { Authorization: `Bearer ${token}` } : {}),
  is: () => token !== "",
  person: () => name,
  take(words, who) {
    token = words.trim();
    name = who.trim();
  },
  forget() {
    token = "";
    name = "";
  },
};
