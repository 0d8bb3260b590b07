/* SPDX-License-Identifier: Apache-2.0 */
/* Values go to the server beside the text (PQexecParams): there is nothing to escape. */
#include "aggregator/store/sql_ask.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MOST_SQL ((size_t)1 << 20)

void sql_ask_init(struct sql_ask *ask)
{
    *ask = (struct sql_ask){.count = 0};
    strbuf_init(&ask->sql, 1024, MOST_SQL);
}

void sql_ask_fini(struct sql_ask *ask)
{
    for (int i = 0; i < ask->count; i++)
        free(ask->values[i]);
    strbuf_fini(&ask->sql);
    ask->count = 0;
}

void sql_ask_add(struct sql_ask *ask, const char *sql)
{
    strbuf_add(&ask->sql, span_of(sql));
}

int sql_ask_take(struct sql_ask *ask, struct span value)
{
    assert(ask->count < SQL_ASK_MOST);
    ask->values[ask->count++] = value.at ? xspandup(value) : NULL;
    return ask->count;
}

void sql_ask_any(struct sql_ask *ask, const char *column, struct span list)
{
    if (!list.at)
        return;
    /* Only of one value does the planner know that an index behind it is in order. */
    bool one = !list.len || !memchr(list.at, ',', list.len);
    strbuf_addf(&ask->sql, one ? " AND %s = $%d" : " AND %s = ANY (string_to_array($%d, ','))",
                column, sql_ask_take(ask, list));
}

void sql_ask_any_or_none(struct sql_ask *ask, const char *column, struct span list)
{
    struct strbuf codes;
    bool none = false;
    strbuf_init(&codes, 64, list.len + 1);
    for (struct span rest = list; rest.at;) {
        struct span code = span_cut(&rest, ',');
        none |= span_is(code, "none");
        if (!span_is(code, "none")) {
            strbuf_add(&codes, codes.len ? SPAN(",") : SPAN(""));
            strbuf_add(&codes, code);
        }
    }
    if (!none)
        sql_ask_any(ask, column, list);
    else if (!codes.len)
        strbuf_addf(&ask->sql, " AND %s IS NULL", column);
    else
        strbuf_addf(&ask->sql, " AND (%s IS NULL OR %s = ANY (string_to_array($%d, ',')))", column,
                    column, sql_ask_take(ask, strbuf_span(&codes)));
    strbuf_fini(&codes);
}

void sql_ask_compare(struct sql_ask *ask, const char *column, const char *comparison, int64_t value)
{
    char text[SPAN_DECIMAL];
    strbuf_addf(&ask->sql, " AND %s %s $%d::bigint", column, comparison,
                sql_ask_take(ask, span_decimal(text, value)));
}
