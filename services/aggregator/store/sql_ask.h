/* SPDX-License-Identifier: Apache-2.0 */
/* A question to PostgreSQL: its text, which is made of constants and of names that we held to an
 * alphabet, and the values it is asked with, which never become part of the text. */
#pragma once

#include <stdint.h>

#include "base/span.h"
#include "base/strbuf.h"

#define SQL_ASK_MOST 24

struct sql_ask {
    struct strbuf sql;
    char *values[SQL_ASK_MOST]; /* owned; NULL = SQL's NULL */
    int count;
};

void sql_ask_init(struct sql_ask *ask);
void sql_ask_fini(struct sql_ask *ask);
void sql_ask_add(struct sql_ask *ask, const char *sql);
/* Another value, whose number in the text is the result; absent = NULL. */
int sql_ask_take(struct sql_ask *ask, struct span value);
/* " AND column = ANY ($n)", or "= $n": one of a list with "," between. Nothing where it is absent.
 */
void sql_ask_any(struct sql_ask *ask, const char *column, struct span list);
/* The same, and "none" among them is NULL. */
void sql_ask_any_or_none(struct sql_ask *ask, const char *column, struct span list);
/* " AND column >= $n", or another comparison. */
void sql_ask_compare(struct sql_ask *ask, const char *column, const char *comparison,
                     int64_t value);
