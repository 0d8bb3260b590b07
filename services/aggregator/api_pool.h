/* SPDX-License-Identifier: Apache-2.0 */
/* A few read-only connections for questions. They are their own, on worker threads, so no question
 * stands in the writer's way; what waits, how long one may take and how large its answer may be are
 * bounded. */
#pragma once

#include <stdbool.h>

#include "aggregator/aggregator_config.h"
#include "aggregator/store/sql_ask.h"
#include "daemon/daemon.h"
#include "postgres/connection.h"

enum api_outcome {
    API_FOUND,
    API_NOT_FOUND, /* no row, or NULL */
    API_TOO_LARGE,
    API_SLOW, /* it took longer than aggregator.api_timeout */
    API_AWAY  /* no database, or it cannot answer */
};

struct api_question {
    struct sql_ask ask;
    bool admitted; /* it has its place already, by a bound of the asker's own */
    char role[80]; /* whose eyes it is asked with, where the database has roles; "" = our own */
    /* On a worker thread: from rows to a body; false where nothing was found. NULL: the body is the
     * only value of the only row. */
    bool (*write)(struct api_question *question, const PGresult *result, struct strbuf *body);
    /* On the loop, once; it gives back what hangs on the question, not the question. */
    void (*answered)(struct api_question *question, enum api_outcome outcome, struct span body);
    void *context;
    /* The pool's. */
    struct api_question *next, *also; /* also: asked in the same transaction */
    struct lane *lane;                /* on it, while it is asked */
    const char *eyes[1];              /* role, as a value */
    enum api_outcome outcome;
    double took_ms;
    struct strbuf body;
};

struct api_pool;
struct api_pool *api_pool_open(struct daemon *daemon, const struct aggregator_config *config);
/* Only before the loop ran. */
void api_pool_free(struct api_pool *pool);
/* A question, made for its context. */
struct api_question *api_pool_question(void *context);
/* Takes it. False when too many wait that have no place of their own: it was not taken. */
bool api_pool_ask(struct api_pool *pool, struct api_question *question);
/* What is asked from here on until `asked` is asked in one transaction: one way there and back, and
 * one moment that all of it is true of. Where one is too slow, those behind it are not answered
 * either. */
void api_pool_gather(struct api_pool *pool);
void api_pool_asked(struct api_pool *pool);
void api_pool_forget(struct api_question *question);
