/* SPDX-License-Identifier: Apache-2.0 */
/* The first cell of a question to the database of a test; "" where there is no row. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "postgres/connection.h"

static inline void one_answer(struct postgres_connection *connection, const char *sql, char *answer,
                              size_t size)
{
    PGresult *result = PQexec(postgres_connection_handle(connection), sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    snprintf(answer, size, "%s", PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
}
