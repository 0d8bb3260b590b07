/* SPDX-License-Identifier: Apache-2.0 */
/* The path of a record:
 *
 *   follow ──on_record──> batch (filling) ──submit_commit──> writer (worker thread) ──> PostgreSQL
 *     ^                                                          │
 *     └── follow_start <── on_taken <── writer_take_over <───────┘ anything but a clean commit
 *
 * One batch fills while the other is written. Positions live in PostgreSQL; whatever goes wrong
 * (database gone, commit in doubt, another owner) ends in the same way: both batches are dropped,
 * the assignment is asked for anew, the partitions are taken over and read on from what the
 * database says. So nothing is ever repeated blindly. The database being away never ends the
 * process. */
#include "aggregator/aggregator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aggregator/freshness.h"
#include "aggregator/intake.h"
#include "aggregator/log_guard.h"
#include "aggregator/store/writer.h"
#include "base/backoff.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "kafka/follow.h"

#define TELL_MS 1000 /* how far we lie behind */
#define LONGER  5    /* times batch_every, where nobody waits for the newest record */

enum job { JOB_SCHEMA, JOB_TAKE_OVER, JOB_COMMIT };

struct aggregator {
    struct daemon *daemon;                  /* borrowed */
    const struct aggregator_config *config; /* borrowed */
    char topic[256], owner[128];
    struct follow *follow; /* NULL until the schema is there */
    struct intake intake;

    struct batch *filling, *writing;
    struct writer_position positions[WRITER_MAX_PARTITIONS]; /* the loop's: sorted by partition */
    size_t count;
    size_t records;
    bool due, stalled;

    bool schema_done, need_take_over, need_restart, running, draining;
    unsigned generation; /* of the assignment */

    /* The worker's, untouched by the loop while busy. */
    uv_work_t work;
    bool busy;
    enum job job;
    unsigned job_generation;
    struct writer *writer;
    struct log_guard guard;
    struct writer_position job_positions[WRITER_MAX_PARTITIONS];
    size_t job_count;
    enum writer_result result;
    bool good;
    struct error error;

    uv_timer_t batch_timer, retry_timer, tell_timer;
    bool waiting, failing; /* failing: no commit has succeeded since one did not */
    struct backoff backoff;
    struct freshness *freshness;
    struct metric *records_total, *batches_total, *changed_total;
    struct metric_cell *records_of[REJECT_COUNT]; /* of the first */
};

static void step(struct aggregator *aggregator);

static void run_job(uv_work_t *work)
{
    struct aggregator *aggregator = work->data;
    aggregator->error = (struct error){0};
    switch (aggregator->job) {
    case JOB_SCHEMA:
        aggregator->good = writer_apply_schema(aggregator->writer, &aggregator->error);
        return;
    case JOB_TAKE_OVER:
        aggregator->good =
            writer_take_over(aggregator->writer, aggregator->job_positions, aggregator->job_count,
                             &aggregator->error) &&
            log_guard_ask(&aggregator->guard, aggregator->follow, aggregator->job_positions,
                          aggregator->job_count, &aggregator->error);
        return;
    case JOB_COMMIT:
        aggregator->result =
            writer_commit(aggregator->writer, aggregator->writing, aggregator->job_positions,
                          aggregator->job_count, &aggregator->error);
        aggregator->good = aggregator->result == WRITER_DONE;
        return;
    }
}

static void on_retry(uv_timer_t *timer)
{
    struct aggregator *aggregator = timer->data;
    aggregator->waiting = false;
    step(aggregator);
}

static void forget_batch(struct aggregator *aggregator)
{
    uv_timer_stop(&aggregator->batch_timer);
    batch_clear(aggregator->filling);
    freshness_forget(aggregator->freshness, false);
    aggregator->records = 0;
    aggregator->due = false;
    aggregator->stalled = false;
}

static void wait_and_retry(struct aggregator *aggregator)
{
    static const char *const events[] = {"aggregator.schema_failed", "aggregator.take_over_failed",
                                         "aggregator.commit_failed"};
    if (aggregator->error.kind == ERROR_CONFIG || aggregator->error.kind == ERROR_FATAL)
        daemon_die(events[aggregator->job], &aggregator->error);
    uint32_t wait_ms = backoff_next(&aggregator->backoff);
    log_warn(
        events[aggregator->job], LOG_ERROR(&aggregator->error), LOG_INT("wait_ms", wait_ms),
        LOG_BOOL("fenced", aggregator->job == JOB_COMMIT && aggregator->result == WRITER_FENCED));
    daemon_not_ready(aggregator->daemon, "aggregator", "postgres");
    aggregator->failing |= aggregator->job == JOB_COMMIT;
    aggregator->waiting = true;
    uv_timer_start(&aggregator->retry_timer, on_retry, wait_ms, 0);
}

/* Who took his partitions over again may fail at the same thing again: a lock, a disk. */
static void is_storing(struct aggregator *aggregator)
{
    aggregator->failing = false;
    if (aggregator->running)
        daemon_ready(aggregator->daemon, "aggregator");
}

static void on_tell(uv_timer_t *timer)
{
    struct aggregator *aggregator = timer->data;
    bool done =
        aggregator->follow && freshness_tell(aggregator->freshness, aggregator->follow) == 0;
    if (done && aggregator->failing && aggregator->running)
        is_storing(aggregator); /* nothing is left to be stored */
}

static void count_commit(struct aggregator *aggregator)
{
    struct follow_partition ends[WRITER_MAX_PARTITIONS];
    struct batch_counts counts = batch_counts(aggregator->writing);
    for (size_t i = 0; i < aggregator->job_count; i++)
        ends[i] = (struct follow_partition){aggregator->job_positions[i].partition,
                                            aggregator->job_positions[i].next};
    freshness_committed(aggregator->freshness);
    if (aggregator->job_generation == aggregator->generation)
        for (size_t i = 0; i < aggregator->job_count; i++)
            freshness_stored(aggregator->freshness, ends[i].partition, ends[i].next_offset);
    if (aggregator->failing)
        is_storing(aggregator);
    metric_add(aggregator->batches_total, SPAN(""), 1);
    metric_add(aggregator->changed_total, SPAN(""), counts.changed_cases);
    if (counts.too_long)
        metric_add(aggregator->records_total, SPAN("case_too_long"), counts.too_long);
    if (aggregator->job_generation == aggregator->generation)
        follow_committed(aggregator->follow, ends, aggregator->job_count);
}

static void on_taken(struct aggregator *aggregator)
{
    struct follow_partition starts[WRITER_MAX_PARTITIONS];
    if (aggregator->job_generation != aggregator->generation)
        return; /* taken away meanwhile, or assigned anew: that one comes */
    memcpy(aggregator->positions, aggregator->job_positions, sizeof aggregator->positions);
    aggregator->count = aggregator->job_count;
    for (size_t i = 0; i < aggregator->count; i++) {
        starts[i] = (struct follow_partition){aggregator->positions[i].partition,
                                              aggregator->positions[i].start};
        freshness_stored(aggregator->freshness, starts[i].partition,
                         aggregator->positions[i].stored);
        log_info("aggregator.partition_taken", LOG_INT("partition", starts[i].partition),
                 LOG_INT("next_offset", aggregator->positions[i].stored),
                 LOG_INT("epoch", aggregator->positions[i].epoch));
    }
    aggregator->need_take_over = false;
    aggregator->running = true;
    if (!aggregator->failing)
        daemon_ready(aggregator->daemon, "aggregator");
    follow_start(aggregator->follow, starts, aggregator->count);
}

static void open_follow(struct aggregator *aggregator);

static void on_job_good(struct aggregator *aggregator)
{
    backoff_reset(&aggregator->backoff);
    switch (aggregator->job) {
    case JOB_SCHEMA:
        aggregator->schema_done = true;
        daemon_not_ready(aggregator->daemon, "aggregator", "assignment");
        open_follow(aggregator);
        return;
    case JOB_TAKE_OVER: on_taken(aggregator); return;
    case JOB_COMMIT: count_commit(aggregator); return;
    }
}

static void on_job_done(uv_work_t *work, int status)
{
    struct aggregator *aggregator = work->data;
    (void)status; /* never cancelled */
    aggregator->busy = false;
    if (aggregator->good) {
        on_job_good(aggregator);
    } else {
        if (aggregator->job == JOB_COMMIT && aggregator->job_generation == aggregator->generation) {
            aggregator->running = false;
            aggregator->need_restart = true;
            forget_batch(aggregator);
        }
        wait_and_retry(aggregator);
    }
    if (aggregator->job == JOB_COMMIT) {
        batch_clear(aggregator->writing);
        freshness_forget(aggregator->freshness, true);
    }
    step(aggregator);
}

static void submit(struct aggregator *aggregator, enum job job)
{
    aggregator->busy = true;
    aggregator->job = job;
    aggregator->job_generation = aggregator->generation;
    memcpy(aggregator->job_positions, aggregator->positions, sizeof aggregator->positions);
    aggregator->job_count = aggregator->count;
    uv_queue_work(daemon_loop(aggregator->daemon), &aggregator->work, run_job, on_job_done);
}

static bool has_moved(const struct aggregator *aggregator)
{
    for (size_t i = 0; i < aggregator->count; i++)
        if (aggregator->positions[i].next != aggregator->positions[i].stored)
            return true;
    return false;
}

/* The worker gets the positions as they are; ours go on as if it had succeeded, because nothing
 * else lets us read on: everything is dropped when it did not. */
static void submit_commit(struct aggregator *aggregator)
{
    struct batch *full = aggregator->filling;
    bool stalled = aggregator->stalled;
    aggregator->filling = aggregator->writing;
    aggregator->writing = full;
    freshness_sent(aggregator->freshness);
    submit(aggregator, JOB_COMMIT);
    for (size_t i = 0; i < aggregator->count; i++)
        aggregator->positions[i].stored = aggregator->positions[i].next;
    forget_batch(aggregator);
    if (stalled)
        follow_resume(aggregator->follow);
}

/* Memory is bounded by cases: what a set holds is read, folded and sent. */
static bool is_full(const struct aggregator *aggregator)
{
    size_t most = (size_t)aggregator->config->batch_records;
    return aggregator->stalled || aggregator->records >= most ||
           batch_case_count(aggregator->filling) > most / 2;
}

/* The one place that decides what is next. */
static void step(struct aggregator *aggregator)
{
    if (aggregator->busy)
        return;
    if (aggregator->draining && (!aggregator->running || !has_moved(aggregator))) {
        daemon_stopped(aggregator->daemon);
        return;
    }
    if (aggregator->waiting)
        return;
    if (!aggregator->schema_done) {
        submit(aggregator, JOB_SCHEMA);
    } else if (aggregator->need_restart) {
        aggregator->need_restart = false;
        follow_restart(aggregator->follow);
    } else if (aggregator->need_take_over) {
        submit(aggregator, JOB_TAKE_OVER);
    } else if (aggregator->running && has_moved(aggregator) &&
               (aggregator->due || aggregator->draining || is_full(aggregator))) {
        submit_commit(aggregator);
    }
}

static void on_batch_timer(uv_timer_t *timer)
{
    struct aggregator *aggregator = timer->data;
    aggregator->due = true;
    step(aggregator);
}

/* Whether more lies unread than a batch may hold, as far as the consumer has heard of the ends. */
static bool is_behind(const struct aggregator *aggregator)
{
    int64_t unread = 0;
    for (size_t i = 0; i < aggregator->count; i++) {
        const struct writer_position *position = &aggregator->positions[i];
        int64_t end = follow_end(aggregator->follow, position->partition);
        int64_t next = position->next > 0 ? position->next : 0;
        unread += end > next ? end - next : 0;
    }
    return unread >= aggregator->config->batch_records;
}

/* A batch goes so long after its first record, or when it is full. */
static void wait_for_more(struct aggregator *aggregator, bool anybody_waits)
{
    uint64_t wait_ms = (uint64_t)aggregator->config->batch_every_ms;
    uv_timer_start(&aggregator->batch_timer, on_batch_timer,
                   anybody_waits ? wait_ms : LONGER * wait_ms, 0);
}

static int by_partition(const void *a, const void *b)
{
    return ((const struct writer_position *)a)->partition -
           ((const struct writer_position *)b)->partition;
}

static void on_assigned(void *context, const struct follow_partition *partitions, size_t count)
{
    struct aggregator *aggregator = context;
    struct error error;
    if (count > WRITER_MAX_PARTITIONS) {
        error_set(&error, ERROR_CONFIG, 0, "%zu partitions of %s are too many for one process",
                  count, aggregator->topic);
        daemon_die("aggregator.assignment", &error);
    }
    aggregator->generation++;
    aggregator->running = false;
    aggregator->need_restart = false;
    aggregator->need_take_over = true;
    aggregator->count = count;
    for (size_t i = 0; i < count; i++)
        aggregator->positions[i] = (struct writer_position){
            .partition = partitions[i].partition, .stored = -1, .next = -1};
    qsort(aggregator->positions, count, sizeof aggregator->positions[0], by_partition);
    forget_batch(aggregator);
    step(aggregator);
}

static void on_revoked(void *context)
{
    struct aggregator *aggregator = context;
    aggregator->generation++;
    aggregator->running = false;
    aggregator->need_take_over = false;
    aggregator->need_restart = false;
    aggregator->count = 0;
    freshness_lost(aggregator->freshness);
    forget_batch(aggregator);
}

static struct writer_position *position_of(struct aggregator *aggregator, int32_t partition)
{
    struct writer_position key = {.partition = partition};
    return bsearch(&key, aggregator->positions, aggregator->count, sizeof key, by_partition);
}

static bool on_record(void *context, const struct record *record)
{
    struct aggregator *aggregator = context;
    struct writer_position *position = position_of(aggregator, record->partition);
    if (aggregator->running && position && position->looks)
        log_guard_look(&aggregator->guard, position, record);
    if (!aggregator->running || !position || record->offset < position->next)
        return true; /* of an assignment that is over, or seen already */
    if (is_full(aggregator))
        step(aggregator);
    bool taken = !is_full(aggregator);
    enum reject reject = REJECT_NONE;
    if (taken)
        reject = intake_take(&aggregator->intake, aggregator->filling, aggregator->records == 0,
                             record, position, &taken);
    if (!taken && !aggregator->busy && !aggregator->waiting) {
        submit_commit(aggregator); /* the other batch is free: once more, into that one */
        return on_record(context, record);
    }
    if (!taken) {
        aggregator->stalled = true;
        return false;
    }
    position->next = record->offset + 1;
    position->last = record->offset;
    position->seen = log_mark_of(record);
    position->has_seen = true;
    if (aggregator->records++ == 0)
        wait_for_more(aggregator, !is_behind(aggregator));
    metric_cell_add(aggregator->records_of[reject], 1);
    if (reject != REJECT_NONE)
        log_error("aggregator.undecodable", LOG_STR("reason", reject_name(reject)),
                  LOG_INT("partition", record->partition), LOG_INT("offset", record->offset));
    return true;
}

static void on_drained(void *context)
{
    step(context);
}

static void on_end(void *context, int32_t partition, int64_t next_offset)
{
    struct aggregator *aggregator = context;
    struct writer_position *position = position_of(aggregator, partition);
    if (aggregator->running && position && position->looks && next_offset > position->last)
        log_guard_look(&aggregator->guard, position, NULL);
    if (!aggregator->running || !position || next_offset <= position->next)
        return;
    position->next = next_offset;
    if (!aggregator->due && !uv_is_active((uv_handle_t *)&aggregator->batch_timer))
        wait_for_more(aggregator, false);
}

static void open_follow(struct aggregator *aggregator)
{
    struct error error = {0};
    const struct follow_handler handler = {aggregator, on_assigned, on_revoked,
                                           on_record,  on_drained,  on_end};
    aggregator->follow =
        follow_open(aggregator->daemon, &aggregator->config->kafka, "events", &handler, &error);
    if (!aggregator->follow)
        daemon_die("aggregator.follow", &error);
}

static void add_metrics(struct aggregator *aggregator)
{
    static const struct metric_row rows[] = {
        {"citybrain_aggregator_records_total", METRIC_COUNTER, "verdict",
         "Records read from events; anything but none could not be used."},
        {"citybrain_aggregator_batches_total", METRIC_COUNTER, NULL,
         "PostgreSQL transactions committed."},
        {"citybrain_aggregator_changed_cases_total", METRIC_COUNTER, NULL,
         "Cases whose stored set changed; repeats change none."},
    };
    struct metrics *metrics = daemon_metrics(aggregator->daemon);
    aggregator->records_total = metrics_add(metrics, &rows[0]);
    aggregator->batches_total = metrics_add(metrics, &rows[1]);
    aggregator->changed_total = metrics_add(metrics, &rows[2]);
    /* There as 0 from the start: a counter that begins with its first fault shows no growth. */
    for (int verdict = 0; verdict < REJECT_COUNT; verdict++)
        aggregator->records_of[verdict] =
            metric_cell(aggregator->records_total, span_of(reject_name((enum reject)verdict)));
}

struct aggregator *aggregator_open(struct daemon *daemon, const struct aggregator_config *config,
                                   struct error *error)
{
    (void)error;
    struct aggregator *aggregator = xcalloc(1, sizeof *aggregator);
    aggregator->daemon = daemon;
    aggregator->config = config;
    snprintf(aggregator->topic, sizeof aggregator->topic, "%sevents", config->kafka.prefix);
    snprintf(aggregator->owner, sizeof aggregator->owner, "slot %lld, pid %ld",
             (long long)config->kafka.slot, (long)getpid());
    aggregator->guard.topic = aggregator->topic;
    intake_init(&aggregator->intake, config);
    aggregator->filling = batch_new(&config->rules, (size_t)config->batch_bytes);
    aggregator->freshness = freshness_new(daemon, aggregator->topic, (size_t)config->batch_records);
    aggregator->intake.freshness = aggregator->freshness;
    aggregator->writing = batch_new(&config->rules, (size_t)config->batch_bytes);
    aggregator->writer = writer_new(
        &(struct writer_options){.conninfo = config->postgres,
                                 .topic = aggregator->topic,
                                 .owner = aggregator->owner,
                                 .shard = (int)config->kafka.slot,
                                 .schema = {config->sql_dir, &config->rules, config->units}});
    backoff_init(&aggregator->backoff, 100, 5000);
    add_metrics(aggregator);
    aggregator->work.data = aggregator;
    uv_timer_init(daemon_loop(daemon), &aggregator->batch_timer);
    uv_timer_init(daemon_loop(daemon), &aggregator->retry_timer);
    aggregator->batch_timer.data = aggregator;
    aggregator->retry_timer.data = aggregator;
    uv_timer_init(daemon_loop(daemon), &aggregator->tell_timer);
    aggregator->tell_timer.data = aggregator;
    uv_timer_start(&aggregator->tell_timer, on_tell, TELL_MS, TELL_MS);
    daemon_not_ready(daemon, "aggregator", "schema");
    step(aggregator);
    return aggregator;
}

void aggregator_drain(void *context)
{
    struct aggregator *aggregator = context;
    aggregator->draining = true;
    step(aggregator);
}
