/* SPDX-License-Identifier: Apache-2.0 */
/* What a person says to those who fill cells anew (`views apply`, `rebuild`): first the plan, then
 * --execute with a name and a reason, and with --plan only if it is still that one. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct fill_words {
    bool execute, drop, all, json, from_log;
    const char *who, *reason, *plan; /* borrowed; NULL = not said */
};

/* Takes them out of the arguments; the rest, a daemon's, is moved together. Returns how many are
 * left. */
int fill_words_take(struct fill_words *words, int argc, char **argv);
/* False: --execute without who and why. */
bool fill_words_are_signed(const struct fill_words *words, const char *verb, struct error *error);
/* False: `plan` is another one than was read. */
bool fill_words_mean(const struct fill_words *words, const char *plan, struct error *error);
/* Where it was a lock that was waited for: whose, on stderr. */
void fill_words_holders(const struct error *error, const char *conninfo);
/* Why it ended, and what to do, on stderr. */
void fill_words_fail(const char *verb, const struct error *error, const char *conninfo);
