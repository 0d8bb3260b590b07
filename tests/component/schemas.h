/* SPDX-License-Identifier: Apache-2.0 */
/* A PostgreSQL of its own, and a copy of the migrations that a test may change. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/core/batch.h"
#include "base/base.h"
#include "daemon/log.h"
#include "postgres/connection.h"

#include "../support/postgres_private.h"
#include "one_answer.h"

static struct {
    struct postgres_private postgres;
    struct batch_rules rules;
    struct postgres_connection *reader;
    char sql[32]; /* a copy of services/aggregator/sql */
} here;

static inline bool shell(const char *format, ...)
{
    char command[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command) == 0; /* NOLINT(cert-env33-c): words of this file */
}

static inline int open_all(void **state)
{
    struct error error = {0};
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = kinds_load("config/kinds", codes, diagnostics);
    here.rules = (struct batch_rules){codes, kinds, views_load("config/views", kinds, diagnostics),
                                      480, NULL};
    diagnostics_free(diagnostics);
    (void)state;
    strcpy(here.sql, "/tmp/cb-sql.XXXXXX");
    if (!here.rules.views || !mkdtemp(here.sql) ||
        !shell("cp services/aggregator/sql/*.sql %s", here.sql) ||
        !postgres_private_start(&here.postgres))
        return 1;
    here.reader = postgres_connection_new(here.postgres.conninfo, "test", NULL);
    return postgres_connection_open(here.reader, &error) ? 0 : 1;
}

static inline int close_all(void **state)
{
    (void)state;
    postgres_connection_free(here.reader);
    views_free((struct views *)(uintptr_t)here.rules.views);
    kinds_free((struct kinds *)(uintptr_t)here.rules.kinds);
    codes_free((struct codes *)(uintptr_t)here.rules.codes);
    return postgres_private_stop(&here.postgres) && shell("rm -rf %s", here.sql) ? 0 : 1;
}

static inline void ask(const char *sql, char *answer, size_t size)
{
    one_answer(here.reader, sql, answer, size);
}
