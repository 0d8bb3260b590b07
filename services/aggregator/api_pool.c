/* SPDX-License-Identifier: Apache-2.0 */
/* Each lane is a connection and the one piece of work it has in libuv's pool of threads. The pool
 * is made larger than that of the default, or as many slow questions as it has threads would keep
 * the writer's next commit waiting.
 *
 * A question is one round trip: BEGIN, the role, the question, COMMIT; so are several that were
 * gathered. The session is read-only whatever the role may do, and reads as of one moment. */
#include "aggregator/api_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "daemon/log.h"
#include "postgres/connection.h"
#include "postgres/transaction.h"

#define MOST_WAITING 64
#define MOST_BODY    ((size_t)8 << 20) /* of what one transaction answers */
#define OTHER_WORK   9 /* threads: the writer's, what it asks of the log, and the watchers' */
#define SLOW_STATE   "57014"

struct lane {
    struct api_pool *pool;
    struct postgres_connection *connection;
    struct postgres_transaction *transaction;
    uv_work_t work;
    bool has_roles;                /* of this connection's server */
    struct api_question *question; /* and all that go with it */
    /* The worker's while there is a question. */
    size_t bytes; /* of the answers so far */
    struct error error;
    uint64_t since; /* of the answer before, or of the beginning */
    struct cpu_meter spent;
};

struct api_pool {
    struct daemon *daemon;
    struct lane *lanes;    /* owned */
    size_t count, waiting; /* waiting: but those that were admitted elsewhere */
    struct api_question *first, *last;
    struct api_question *gathered, *latest;
    bool gathers;
    char session[384];
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
    strbuf_fini(&question->body);
    free(question);
}

static bool on_roles(void *context, const PGresult *result, struct error *error)
{
    (void)error;
    struct lane *lane = context;
    lane->has_roles = PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    return true;
}

static void take_time(struct lane *lane, struct api_question *question)
{
    uint64_t now = uv_hrtime();
    question->took_ms = (double)(now - lane->since) / 1e6;
    lane->since = now;
}

static bool on_rows(void *context, const PGresult *result, struct error *error)
{
    (void)error;
    struct api_question *question = context;
    struct lane *lane = question->lane;
    struct strbuf *body = &question->body;
    bool found = PQntuples(result) > 0;
    strbuf_init(body, 1024, MOST_BODY - lane->bytes);
    if (question->write)
        found = question->write(question, result, body);
    else if ((found = found && !PQgetisnull(result, 0, 0)))
        strbuf_add(body, span_from(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0)));
    question->outcome = !found                                   ? API_NOT_FOUND
                        : strbuf_is_full(body) || body->len == 0 ? API_TOO_LARGE
                                                                 : API_FOUND;
    lane->bytes += body->len;
    take_time(lane, question);
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

static bool on_kept(void *context, const PGresult *result, struct error *error)
{
    (void)context;
    if (PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "t") == 0)
        return true;
    error_set(error, ERROR_RETRY, 0, "cells are changing places");
    return false;
}

/* Of one moment, in which no cells change places: of tables that are swapped in behind its snapshot
 * it would see half. Who swaps takes 20120348 alone (fill.c); it is ours from a transaction in
 * front, for who asks for it has a snapshot from before he gets it. A question by itself looks when
 * it has its tables. */
static void keep_moment(struct lane *lane)
{
    static const struct postgres_statement statements[] = {
        {.sql = "SELECT pg_try_advisory_lock_shared(20120348)", .result = on_kept},
        {.sql = "COMMIT"},
        {.sql = "BEGIN"},
        {.sql = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"}};
    for (size_t i = 0; i < ARRAY_LENGTH(statements); i++)
        postgres_transaction_add(lane->transaction, &statements[i]);
}

/* A connection that breaks before lets it go as well. */
static void forget_moment(struct lane *lane)
{
    static const struct postgres_statement statement = {
        .sql = "SELECT pg_advisory_unlock_shared(20120348)"};
    postgres_transaction_add(lane->transaction, &statement);
}

static bool ask(struct lane *lane)
{
    const char *role = "";
    postgres_transaction_begin(lane->transaction);
    if (lane->question->also)
        keep_moment(lane);
    for (struct api_question *one = lane->question; one; one = one->also) {
        if (lane->has_roles && one->role[0] && strcmp(one->role, role) != 0) {
            role = one->role;
            one->eyes[0] = role;
            postgres_transaction_add(
                lane->transaction,
                &(struct postgres_statement){
                    .sql = "SELECT set_config('role', $1, true)", .values = one->eyes, .count = 1});
        }
        postgres_transaction_add(
            lane->transaction,
            &(struct postgres_statement){.sql = one->ask.sql.at,
                                         .values = (const char *const *)one->ask.values,
                                         .count = one->ask.count,
                                         .result = on_rows,
                                         .context = one});
    }
    if (lane->question->also)
        forget_moment(lane);
    return postgres_transaction_commit(lane->transaction, &lane->error);
}

/* What was answered before the fault stays answered. */
static void spoil(struct lane *lane)
{
    bool slow = lane->error.code == (int)strtol(SLOW_STATE, NULL, 36);
    for (struct api_question *one = lane->question; one; one = one->also) {
        if (one->body.at)
            continue;
        one->outcome = slow ? API_SLOW : API_AWAY;
        take_time(lane, one);
    }
}

static void run(struct lane *lane)
{
    lane->error = (struct error){0};
    lane->bytes = 0;
    for (struct api_question *one = lane->question; one; one = one->also)
        one->lane = lane;
    bool fresh = !postgres_connection_is_open(lane->connection);
    if (!postgres_connection_open(lane->connection, &lane->error) ||
        (fresh && !look_for_roles(lane)) || !ask(lane))
        spoil(lane);
}

static void run_lane(uv_work_t *work)
{
    struct lane *lane = work->data;
    lane->since = uv_hrtime();
    lane->spent.ns = 0;
    int64_t spent = cpu_meter_begin(&lane->spent);
    run(lane);
    cpu_meter_end(&lane->spent, spent);
}

static void go_on(struct api_pool *pool);

static void answer(struct lane *lane)
{
    static const char *const names[] = {"found", "not_found", "too_large", "slow", "away"};
    struct api_pool *pool = lane->pool;
    struct api_question *question = lane->question;
    lane->question = NULL;
    if (lane->error.kind != ERROR_NONE)
        log_warn("api.question_failed", LOG_ERROR(&lane->error));
    while (question) {
        struct api_question *also = question->also;
        metric_observe_ms(pool->seconds, SPAN(""), question->took_ms);
        metric_add(pool->outcomes, span_of(names[question->outcome]), 1);
        question->answered(question, question->outcome,
                           question->body.at ? strbuf_span(&question->body) : SPAN(""));
        api_pool_forget(question);
        question = also;
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

/* Of a question and all that go with it those that have no place of their own. */
static size_t waiting(const struct api_question *question)
{
    size_t count = 0;
    for (; question; question = question->also)
        count += !question->admitted;
    return count;
}

static void go_on(struct api_pool *pool)
{
    struct lane *lane;
    while (pool->first && (lane = free_lane(pool))) {
        lane->question = pool->first;
        pool->first = lane->question->next;
        pool->last = pool->first ? pool->last : NULL;
        pool->waiting -= waiting(lane->question);
        uv_queue_work(daemon_loop(pool->daemon), &lane->work, run_lane, on_answered);
    }
}

static void queue(struct api_pool *pool, struct api_question *question)
{
    question->next = NULL;
    if (pool->last)
        pool->last->next = question;
    else
        pool->first = question;
    pool->last = question;
    pool->waiting += waiting(question);
    go_on(pool);
}

bool api_pool_ask(struct api_pool *pool, struct api_question *question)
{
    if (!question->admitted && pool->waiting >= MOST_WAITING)
        return false;
    if (!pool->gathers) {
        queue(pool, question);
        return true;
    }
    if (pool->latest)
        pool->latest->also = question;
    else
        pool->gathered = question;
    pool->latest = question;
    return true;
}

void api_pool_gather(struct api_pool *pool)
{
    pool->gathers = true;
}

void api_pool_asked(struct api_pool *pool)
{
    struct api_question *gathered = pool->gathered;
    pool->gathers = false;
    pool->gathered = pool->latest = NULL;
    if (gathered)
        queue(pool, gathered);
}

/* Times are told by the district's wall clock. Questions come many at once, so one has one process:
 * of a stock two workers were started for the half of it that is not read (docs/decisions/0250). */
static void write_session(struct api_pool *pool, const struct aggregator_config *config)
{
    int zone = config->rules.zone_minutes, minutes = zone < 0 ? -zone : zone;
    snprintf(
        pool->session, sizeof pool->session,
        "SET TIME ZONE INTERVAL '%c%02d:%02d' HOUR TO MINUTE; SET "
        "default_transaction_read_only = on; SET default_transaction_isolation = 'read "
        "committed'; SET statement_timeout = %lld; SET lock_timeout = '2s'; SET jit = off; SET "
        "max_parallel_workers_per_gather = 0; SET work_mem = '8MB'",
        zone < 0 ? '-' : '+', minutes / 60, minutes % 60, (long long)config->api_timeout_ms);
}

struct api_pool *api_pool_open(struct daemon *daemon, const struct aggregator_config *config)
{
    static const struct metric_row outcomes = {
        "citybrain_aggregator_api_questions_total", METRIC_COUNTER, "outcome",
        "Questions of the read API to PostgreSQL by what came of them: found, not_found, "
        "too_large, slow (longer than aggregator.api_timeout) or away (no database)."};
    static const struct metric_row seconds = {
        "citybrain_aggregator_api_question_seconds", METRIC_HISTOGRAM, NULL,
        "How long questions of the read API take, from the "
        "lane's question to its rows, of those asked together "
        "from the rows before; waiting for a lane is not in it."};
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
    }
    return pool;
}

void api_pool_free(struct api_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        postgres_transaction_free(pool->lanes[i].transaction);
        postgres_connection_free(pool->lanes[i].connection);
    }
    free(pool->lanes);
    free(pool);
}
