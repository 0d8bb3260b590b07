/* SPDX-License-Identifier: Apache-2.0 */
/* The aggregator's database as a test has it: a PostgreSQL of its own, the shipped kinds and views,
 * writers, and one who reads. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "aggregator/store/writer.h"
#include "postgres/connection.h"

#include "../support/postgres_private.h"

struct aggregator_store {
    struct postgres_private postgres;
    struct batch_rules rules;
    struct postgres_connection *reader;
};

static inline bool aggregator_store_load(struct batch_rules *rules)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    struct views *views = kinds ? views_load("config/views", kinds, diagnostics) : NULL;
    *rules = (struct batch_rules){codes, kinds, views, 480, NULL};
    diagnostics_free(diagnostics);
    return views != NULL;
}

static inline struct writer *aggregator_store_writer(const struct aggregator_store *store,
                                                     const char *owner, int shard)
{
    return writer_new(
        &(struct writer_options){.conninfo = store->postgres.conninfo,
                                 .topic = "cb.events",
                                 .owner = owner,
                                 .shard = shard,
                                 .schema = {"services/aggregator/sql", &store->rules, NULL}});
}

/* One that has the first partition, of which it has counted nothing. NULL = not so. */
static inline struct writer *aggregator_store_owner(const struct aggregator_store *store,
                                                    struct writer_position *position)
{
    struct error error = {0};
    struct writer *writer = aggregator_store_writer(store, "test", 0);
    *position = (struct writer_position){.stored = -1, .next = -1};
    if (writer_take_over(writer, position, 1, &error))
        return writer;
    fprintf(stderr, "%s\n", error.text);
    writer_free(writer);
    return NULL;
}

/* Up to its tables. */
static inline bool aggregator_store_open(struct aggregator_store *store)
{
    struct error error = {0};
    if (!aggregator_store_load(&store->rules) || !postgres_private_start(&store->postgres))
        return false;
    struct writer *writer = aggregator_store_writer(store, "schema", 0);
    store->reader = postgres_connection_new(store->postgres.conninfo, "test", NULL);
    bool good =
        writer_apply_schema(writer, &error) && postgres_connection_open(store->reader, &error);
    writer_free(writer);
    if (good)
        return true;
    fprintf(stderr, "%s\n", error.text);
    postgres_private_stop(&store->postgres);
    return false;
}

static inline bool aggregator_store_close(struct aggregator_store *store)
{
    postgres_connection_free(store->reader);
    views_free((struct views *)(uintptr_t)store->rules.views);
    kinds_free((struct kinds *)(uintptr_t)store->rules.kinds);
    codes_free((struct codes *)(uintptr_t)store->rules.codes);
    return postgres_private_stop(&store->postgres);
}

/* The first value of the first row. */
static inline void aggregator_store_ask(const struct aggregator_store *store, const char *sql,
                                        char *answer, size_t size)
{
    PGresult *result = PQexec(postgres_connection_handle(store->reader), sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", PQresultErrorMessage(result), sql);
    snprintf(answer, size, "%s", PQntuples(result) ? PQgetvalue(result, 0, 0) : "no row");
    PQclear(result);
}

static inline int64_t aggregator_store_number(const struct aggregator_store *store, const char *sql)
{
    char answer[64];
    aggregator_store_ask(store, sql, answer, sizeof answer);
    return strtoll(answer, NULL, 10);
}
