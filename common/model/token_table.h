/* SPDX-License-Identifier: Apache-2.0 */
/* Bearer tokens and whose they are: CSV with the columns token,kind,name,party; '#' lines are
 * skipped. One file may serve ingest's door and the read API: each looks at the kinds it knows. */
#pragma once

#include <stddef.h>

#include "base/span.h"
#include "config/diagnostics.h"

enum token_kind {
    TOKEN_FEED,    /* sends a feed's records */
    TOKEN_UNIT,    /* a unit: says what it did, reads its orders */
    TOKEN_STATION, /* reads the progress of its own cases */
    TOKEN_READER   /* reads everything */
};

struct token_row {
    struct span token, name, party;
    enum token_kind kind;
    struct place place; /* of the name */
};

struct token_table;
struct token_table *token_table_load(const char *file,
                                     struct diagnostics *diagnostics); /* NULL on error */
void token_table_free(struct token_table *table);
const struct token_row *token_table_at(const struct token_table *table,
                                       size_t index); /* NULL behind the last */
/* The value of an Authorization header ("Bearer ..."); NULL when it is nobody's. */
const struct token_row *token_table_find(const struct token_table *table,
                                         struct span authorization);
