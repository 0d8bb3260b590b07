/* SPDX-License-Identifier: Apache-2.0 */
/* Lists as the API asks for them, of a PostgreSQL of its own: of cases, of findings, the desk's
 * queue. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/store/case_ask.h"
#include "aggregator/store/desk_ask.h"
#include "aggregator/store/finding_ask.h"
#include "base/base.h"

#include "aggregator_store.h"

static struct aggregator_store store;
static struct trigger_forms forms;

enum list { LIST_CASES, LIST_DESK, LIST_FINDINGS, LIST_FINDINGS_COUNT };

static inline void run(const char *sql)
{
    struct error error = {0};
    if (!postgres_connection_run(store.reader, sql, &error))
        fail_msg("%s: %s", sql, error.text);
}

/* One trigger of limits, one of silences. */
static inline bool open_lists(void)
{
    if (!aggregator_store_open(&store))
        return false;
    strbuf_init(&forms.limits, 64, 64);
    strbuf_init(&forms.silences, 64, 64);
    strbuf_add(&forms.limits, SPAN("near_due,other"));
    strbuf_add(&forms.silences, SPAN("silent"));
    return true;
}

static inline int close_all(void **state)
{
    (void)state;
    trigger_forms_fini(&forms);
    return aggregator_store_close(&store) ? 0 : 1;
}

static inline void begin_query(struct api_query *query, enum list list)
{
    static const struct api_parameter cases[] = {CASE_ASK_PARAMETERS},
                                      desk[] = {DESK_ASK_PARAMETERS},
                                      findings[] = {FINDING_ASK_PARAMETERS};
    switch (list) {
    case LIST_CASES: api_query_begin(query, cases, ARRAY_LENGTH(cases), 480); break;
    case LIST_DESK: api_query_begin(query, desk, ARRAY_LENGTH(desk), 480); break;
    case LIST_FINDINGS:
    case LIST_FINDINGS_COUNT: api_query_begin(query, findings, ARRAY_LENGTH(findings), 480); break;
    }
}

static inline void add_list(struct sql_ask *ask, enum list list, const struct api_query *query)
{
    switch (list) {
    case LIST_CASES:
        case_ask_list(ask, query);
        case_ask_conditions(ask, query);
        case_ask_order(ask, query);
        sql_ask_add(ask, " LIMIT 5");
        break;
    case LIST_DESK:
        desk_ask_list(ask, query, &forms);
        sql_ask_add(ask, " LIMIT 51) AS p) AS t ON true ORDER BY t.ord");
        break;
    case LIST_FINDINGS:
        finding_ask_list(ask, query, &forms);
        sql_ask_add(ask, " LIMIT 101");
        break;
    case LIST_FINDINGS_COUNT:
        sql_ask_add(ask, "SELECT ");
        finding_ask_count(ask, query, &forms);
        break;
    }
}

/* A column of what is answered, a line each row. */
static inline void ask(const char *before, enum list list, const char *const pairs[][2],
                       size_t count, int column, char *answer, size_t size)
{
    struct api_query query;
    struct sql_ask ask;
    size_t len = 0;
    begin_query(&query, list);
    for (size_t i = 0; i < count; i++)
        assert_true(api_query_take(&query, span_of(pairs[i][0]), span_of(pairs[i][1])));
    sql_ask_init(&ask);
    sql_ask_add(&ask, before);
    add_list(&ask, list, &query);
    PGresult *result = PQexecParams(postgres_connection_handle(store.reader), ask.sql.at, ask.count,
                                    NULL, (const char *const *)ask.values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", PQresultErrorMessage(result), ask.sql.at);
    answer[0] = '\0';
    for (int i = 0; i < PQntuples(result) && len < size; i++)
        len += (size_t)snprintf(answer + len, size - len, "%s\n", PQgetvalue(result, i, column));
    PQclear(result);
    sql_ask_fini(&ask);
}
