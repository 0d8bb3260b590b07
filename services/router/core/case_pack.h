/* SPDX-License-Identifier: Apache-2.0 */
/* A set as the router keeps it in memory: the same lines in less than half the bytes of their text.
 * Never written anywhere: state.cases holds the text (docs/decisions/0005). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "model/case_set.h"

struct case_words; /* texts that many lines share (units, types, places), kept once; bounded */
struct case_words *case_words_new(void);
void case_words_free(struct case_words *words);

/* Appends the lines from `from` on to `out`; reading it back with the same words, behind what was
 * packed of those before, gives the same lines. Of those before nothing is looked at but ids and
 * recorded times. */
void case_pack_write(struct strbuf *out, const struct case_set *set, size_t from,
                     struct case_words *words);
/* Into a set that was begun (case_set_read of nothing); texts are the words' or the arena's. False
 * when the arena is full. */
bool case_pack_read(struct case_set *set, struct span packed, const struct case_words *words,
                    struct arena *arena);
