/* SPDX-License-Identifier: Apache-2.0 */
/* A question to a view as the API asks it, to the database of a test. */
#pragma once

#include "aggregator/store/view_query.h"

#include "aggregator_store.h"

struct aggregator_question {
    const char *view, *by, *from, *to, *unit;
    bool net;
};

/* The first column of each row of "BEFORE (question) AS q", a line each. */
static inline void aggregator_question_ask(const struct aggregator_store *store,
                                           const struct aggregator_question *form,
                                           const char *before, char *answer, size_t size)
{
    const struct view *view = views_find(store->rules.views, span_of(form->view));
    struct view_question question = {.by = span_of(form->by),
                                     .scope = form->net ? SPAN("net") : SPAN("all")};
    struct strbuf sql, whole;
    const char *const values[] = {form->from, form->to, form->unit};
    question.filtered[view_group_index(view, FACT_UNIT)] = form->unit != NULL;
    strbuf_init(&sql, 4096, 1 << 20);
    strbuf_init(&whole, 4096, 1 << 20);
    assert_true(view_query_rows(&sql, view, &question));
    strbuf_addf(&whole, "%s(%.*s) AS q", before, SPAN_ARG(strbuf_span(&sql)));
    PGresult *result = PQexecParams(postgres_connection_handle(store->reader), whole.at,
                                    form->unit ? 3 : 2, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", PQresultErrorMessage(result), whole.at);
    size_t len = 0;
    for (int i = 0; i < PQntuples(result) && len < size; i++)
        len += (size_t)snprintf(answer + len, size - len, "%s\n", PQgetvalue(result, i, 0));
    PQclear(result);
    strbuf_fini(&sql);
    strbuf_fini(&whole);
}
