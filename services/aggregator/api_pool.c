/* SPDX-License-Identifier: Apache-2.0 */
/* Each lane is a connection and the one piece of work it has in libuv's pool of threads. The pool
 * is made larger than that of the default, or as many slow questions as it has threads would keep
 * the writer's next commit waiting.
 *
 * A question is one round trip: BEGIN, the role, the question, COMMIT. The session is read-only
 * whatever the role may do. */
#include "aggregator/api_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "daemon/log.h"
#include "postgres/connection.h"
#include "postgres/transaction.h"

#define MOST_WAITING 64
#define MOST_BODY    ((size_t)8 << 20)
#define KEPT_BODY    ((size_t)256 << 10) /* of a lane between questions */
#define OTHER_WORK   9 /* threads: the writer's, what it asks of the log, and the watchers' */
#define SLOW_STATE   "57014"

struct lane {
    struct api_pool *pool;
    struct postgres_connection *connection;
    struct postgres_transaction *transaction;
    uv_work_t work;
    bool has_roles; /* of this connection's server */
    struct api_question *question;
    /* The worker's while there is a question. */
    struct strbuf body;
    enum api_outcome outcome;
    struct error error;
    double took_ms;
    struct cpu_meter spent;
};

struct api_pool {
    struct daemon *daemon;
    struct lane *lanes;    /* owned */
    size_t count, waiting; /* waiting: but those that were admitted elsewhere */
    struct api_question *first, *last;
    char session[256];
    struct metric *outcomes, *seconds;
};

struct api_question *api_pool_question(void *context)
{
    struct api_question *question = xcalloc(1, sizeof *question);
    sql_ask_init(&question->ask);
    question->context = context;
    return question;
}

void api_pool_forget(struct api_question *question)
{
    sql_ask_fini(&question->ask);
    free(question);
}

static bool on_roles(void *context, const PGresult *result, struct error *error)
{
    (void)error;
    struct lane *lane = context;
    lane->has_roles = PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    return true;
}

static bool on_rows(void *context, const PGresult *result, struct error *error)
{
    (void)error;
    struct lane *lane = context;
    struct api_question *question = lane->question;
    bool found = PQntuples(result) > 0;
    if (question->write)
        found = question->write(question, result, &lane->body);
    else if ((found = found && !PQgetisnull(result, 0, 0)))
        strbuf_add(&lane->body,
                   span_from(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0)));
    lane->outcome = !found                                               ? API_NOT_FOUND
                    : strbuf_is_full(&lane->body) || lane->body.len == 0 ? API_TOO_LARGE
                                                                         : API_FOUND;
    return true;
}

/* Asked once a connection: roles are made by migrations, and those are over when we may ask. */
static bool look_for_roles(struct lane *lane)
{
    postgres_transaction_begin(lane->transaction);
    postgres_transaction_add(
        lane->transaction,
        &(struct postgres_statement){
            .sql = "SELECT coalesce(pg_has_role(to_regrole('dash_all'), 'MEMBER'), false)",
            .result = on_roles,
            .context = lane});
    return postgres_transaction_commit(lane->transaction, &lane->error);
}

static bool ask(struct lane *lane)
{
    const struct api_question *question = lane->question;
    const char *const role[] = {question->role};
    postgres_transaction_begin(lane->transaction);
    if (lane->has_roles && question->role[0])
        postgres_transaction_add(
            lane->transaction,
            &(struct postgres_statement){
                .sql = "SELECT set_config('role', $1, true)", .values = role, .count = 1});
    postgres_transaction_add(
        lane->transaction,
        &(struct postgres_statement){.sql = question->ask.sql.at,
                                     .values = (const char *const *)question->ask.values,
                                     .count = question->ask.count,
                                     .result = on_rows,
                                     .context = lane});
    return postgres_transaction_commit(lane->transaction, &lane->error);
}

static void run(struct lane *lane)
{
    lane->error = (struct error){0};
    lane->outcome = API_AWAY;
    strbuf_reset(&lane->body);
    bool fresh = !postgres_connection_is_open(lane->connection);
    if (!postgres_connection_open(lane->connection, &lane->error))
        return;
    if (fresh && !look_for_roles(lane))
        return;
    if (ask(lane))
        return;
    bool slow = lane->error.code == (int)strtol(SLOW_STATE, NULL, 36);
    lane->outcome = slow ? API_SLOW : API_AWAY;
}

static void run_lane(uv_work_t *work)
{
    struct lane *lane = work->data;
    uint64_t began = uv_hrtime();
    lane->spent.ns = 0;
    int64_t spent = cpu_meter_begin(&lane->spent);
    run(lane);
    cpu_meter_end(&lane->spent, spent);
    lane->took_ms = (double)(uv_hrtime() - began) / 1e6;
}

static void go_on(struct api_pool *pool);

static void answer(struct lane *lane)
{
    static const char *const names[] = {"found", "not_found", "too_large", "slow", "away"};
    struct api_pool *pool = lane->pool;
    struct api_question *question = lane->question;
    lane->question = NULL;
    if (lane->outcome >= API_SLOW)
        log_warn("api.question_failed", LOG_ERROR(&lane->error));
    metric_add(pool->outcomes, span_of(names[lane->outcome]), 1);
    metric_observe_ms(pool->seconds, SPAN(""), lane->took_ms);
    question->answered(question, lane->outcome, strbuf_span(&lane->body));
    api_pool_forget(question);
    if (lane->body.capacity > KEPT_BODY) {
        strbuf_fini(&lane->body);
        strbuf_init(&lane->body, 4096, MOST_BODY);
    }
    go_on(pool);
}

static void on_answered(uv_work_t *work, int status)
{
    struct lane *lane = work->data;
    struct cpu_meter *watching = daemon_watching(lane->pool->daemon);
    int64_t began = cpu_meter_begin(watching);
    (void)status; /* never cancelled */
    watching->ns += lane->spent.ns;
    answer(lane);
    cpu_meter_end(watching, began);
}

static struct lane *free_lane(struct api_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        if (!pool->lanes[i].question)
            return &pool->lanes[i];
    return NULL;
}

static void go_on(struct api_pool *pool)
{
    struct lane *lane;
    while (pool->first && (lane = free_lane(pool))) {
        lane->question = pool->first;
        pool->first = lane->question->next;
        pool->last = pool->first ? pool->last : NULL;
        pool->waiting -= !lane->question->admitted;
        uv_queue_work(daemon_loop(pool->daemon), &lane->work, run_lane, on_answered);
    }
}

bool api_pool_ask(struct api_pool *pool, struct api_question *question)
{
    if (!question->admitted && pool->waiting == MOST_WAITING)
        return false;
    question->next = NULL;
    if (pool->last)
        pool->last->next = question;
    else
        pool->first = question;
    pool->last = question;
    pool->waiting += !question->admitted;
    go_on(pool);
    return true;
}

/* Times are told by the district's wall clock. */
static void write_session(struct api_pool *pool, const struct aggregator_config *config)
{
    int zone = config->rules.zone_minutes, minutes = zone < 0 ? -zone : zone;
    snprintf(pool->session, sizeof pool->session,
             "SET TIME ZONE INTERVAL '%c%02d:%02d' HOUR TO MINUTE; SET "
             "default_transaction_read_only = on; SET statement_timeout = %lld; SET lock_timeout = "
             "'2s'; SET jit = off; SET work_mem = '8MB'",
             zone < 0 ? '-' : '+', minutes / 60, minutes % 60, (long long)config->api_timeout_ms);
}

struct api_pool *api_pool_open(struct daemon *daemon, const struct aggregator_config *config)
{
    static const struct metric_row outcomes = {
        "citybrain_aggregator_api_questions_total", METRIC_COUNTER, "outcome",
        "Questions of the read API to PostgreSQL by what came of them: found, not_found, "
        "too_large, slow (longer than aggregator.api_timeout) or away (no database)."};
    static const struct metric_row seconds = {"citybrain_aggregator_api_question_seconds",
                                              METRIC_HISTOGRAM, NULL,
                                              "How long questions of the read API take, from the "
                                              "lane's question to its rows; waiting for "
                                              "a lane is not in it."};
    char threads[24];
    struct api_pool *pool = xcalloc(1, sizeof *pool);
    pool->daemon = daemon;
    pool->count = (size_t)config->api_lanes;
    snprintf(threads, sizeof threads, "%zu", pool->count + OTHER_WORK);
    setenv("UV_THREADPOOL_SIZE", threads, 0); /* read at the first piece of work */
    pool->lanes = xcalloc(pool->count, sizeof *pool->lanes);
    pool->outcomes = metrics_add(daemon_metrics(daemon), &outcomes);
    metric_add(pool->outcomes, SPAN("away"), 0); /* an alert asks how it grows */
    pool->seconds = metrics_add(daemon_metrics(daemon), &seconds);
    write_session(pool, config);
    for (size_t i = 0; i < pool->count; i++) {
        struct lane *lane = &pool->lanes[i];
        lane->pool = pool;
        lane->work.data = lane;
        lane->connection =
            postgres_connection_new(config->api_postgres, "citybrain-api", pool->session);
        lane->transaction = postgres_transaction_new(lane->connection);
        strbuf_init(&lane->body, 4096, MOST_BODY);
    }
    return pool;
}

void api_pool_free(struct api_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        postgres_transaction_free(pool->lanes[i].transaction);
        postgres_connection_free(pool->lanes[i].connection);
        strbuf_fini(&pool->lanes[i].body);
    }
    free(pool->lanes);
    free(pool);
}
