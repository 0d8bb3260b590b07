/* SPDX-License-Identifier: Apache-2.0 */
/* The transform loop as a pure copy: what every daemon's cost is measured against, and the subject
 * of the loop's own chaos tests. With a state topic it also counts records per key and writes the
 * count behind each value, so that a lost or repeated state change shows in the output.
 *
 * usage: pass_eos BROKERS IN OUT SLOT [STATE]     topics without prefix, group "pass"
 *
 * Environment, all optional: PASS_ADMIN, PASS_PREFIX, PASS_GROUP, PASS_NOTES, PASS_SESSION_MS,
 * PASS_TRANSACTION_MS, PASS_COMMIT_MS, PASS_COMMIT_RECORDS, PASS_COMMIT_BYTES, PASS_QUEUED_BYTES,
 * PASS_DEBUG as their names say, and:
 * - PASS_PARTITIONS: declared count of OUT
 * - PASS_AGAIN=n: every n-th record asks to be called again, once
 * - PASS_CRASH=text: dies in the core at a record with that value
 * - PASS_INJECT=text: writes that value to partition 0 of OUT, once, through transform_inject */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/hash.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "kafka/transform.h"

enum { STREAM_OUT, STREAM_STATE };
enum { PLACES = 1 << 16 }; /* keys a partition can hold in this program */

struct counter {
    char *key;
    int64_t count;
    bool dirty;
};

struct partition {
    int32_t number;
    struct counter counters[PLACES];
    size_t dirty[PLACES];
    size_t dirty_count;
    int64_t again_at;
    char metadata[24];
};

static struct {
    struct daemon *daemon;
    struct transform *transform;
    bool with_state;
    int64_t again_every;
    const char *crash, *inject;
    uv_timer_t timer;
} pass;

static int64_t number_of(const char *variable, int64_t fallback)
{
    const char *text = getenv(variable);
    return text ? strtoll(text, NULL, 10) : fallback;
}

static void *open_partition(void *context, int source, int32_t number, struct span metadata)
{
    (void)context;
    (void)source;
    struct partition *partition = xcalloc(1, sizeof(*partition));
    partition->number = number;
    partition->again_at = -1;
    log_info("pass.open", LOG_INT("partition", number), LOG_SPAN("metadata", metadata));
    return partition;
}

static void close_partition(void *state)
{
    struct partition *partition = state;
    for (size_t i = 0; i < PLACES; i++)
        free(partition->counters[i].key);
    free(partition);
}

static struct counter *counter_of(struct partition *partition, struct span key)
{
    size_t at = hash_span(key) % PLACES;
    while (partition->counters[at].key && !span_is(key, partition->counters[at].key))
        at = (at + 1) % PLACES;
    if (!partition->counters[at].key)
        partition->counters[at].key = xspandup(key);
    return &partition->counters[at];
}

static void restore(void *state, struct span key, struct span value)
{
    int64_t count = 0;
    if (!span_to_int64(value, &count))
        abort();
    counter_of(state, key)->count = count;
}

static void write_copy(const struct record *record, const struct counter *counter,
                       struct outputs *outputs)
{
    char counted[4096];
    struct output output = {.stream = STREAM_OUT,
                            .partition = OUTPUT_BY_KEY,
                            .key = record->key,
                            .value = record->value};
    if (counter) {
        int len = snprintf(counted, sizeof(counted), "%.*s %" PRId64, SPAN_ARG(record->value),
                           counter->count);
        output.value = span_from(counted, (size_t)len);
    }
    for (size_t i = 0; i < record->header_count && i < ARRAY_LENGTH(output.headers); i++)
        output.headers[output.header_count++] = record->headers[i];
    outputs_add(outputs, &output);
}

static enum transform_result on_record(void *state, const struct record *record,
                                       struct outputs *outputs)
{
    struct partition *partition = state;
    struct counter *counter = NULL;
    if (pass.crash && span_is(record->value, pass.crash))
        raise(SIGKILL);
    if (pass.again_every && record->offset % pass.again_every == 0 &&
        partition->again_at != record->offset) {
        partition->again_at = record->offset;
        return TRANSFORM_AGAIN;
    }
    if (pass.with_state) {
        counter = counter_of(partition, record->key);
        counter->count++;
        if (!counter->dirty)
            partition->dirty[partition->dirty_count++] = (size_t)(counter - partition->counters);
        counter->dirty = true;
    }
    write_copy(record, counter, outputs);
    return TRANSFORM_NEXT;
}

static void save(void *state, struct outputs *outputs)
{
    struct partition *partition = state;
    for (size_t i = 0; i < partition->dirty_count; i++) {
        struct counter *counter = &partition->counters[partition->dirty[i]];
        char value[24];
        snprintf(value, sizeof(value), "%" PRId64, counter->count);
        counter->dirty = false;
        outputs_add(outputs, &(struct output){.stream = STREAM_STATE,
                                              .partition = partition->number,
                                              .key = span_of(counter->key),
                                              .value = span_of(value)});
    }
    partition->dirty_count = 0;
}

static void on_poison(void *state, const struct record *record, struct outputs *outputs)
{
    (void)state;
    outputs_add(outputs, &(struct output){.stream = STREAM_OUT,
                                          .partition = OUTPUT_BY_KEY,
                                          .key = record->key,
                                          .value = SPAN("poisoned")});
}

static void write_injection(void *context, struct outputs *outputs)
{
    (void)context;
    outputs_add(outputs, &(struct output){
                             .stream = STREAM_OUT, .partition = 0, .value = span_of(pass.inject)});
    transform_set_metadata(pass.transform, 0, 0, pass.inject);
}

static void injected(void *context)
{
    (void)context;
    log_info("pass.injected", LOG_STR("value", pass.inject));
}

static void on_timer(uv_timer_t *timer)
{
    if (transform_inject(pass.transform, write_injection, injected, NULL))
        uv_timer_stop(timer);
}

static void drained(void *context)
{
    (void)context;
    daemon_stopped(pass.daemon);
}

static void drain(void *context)
{
    (void)context;
    transform_drain(pass.transform, drained, NULL);
}

static struct kafka_settings read_settings(const char *brokers, const char *slot)
{
    const char *prefix = getenv("PASS_PREFIX"), *notes = getenv("PASS_NOTES"),
               *group = getenv("PASS_GROUP");
    return (struct kafka_settings){
        .brokers = brokers,
        .prefix = prefix ? prefix : "",
        .group = group ? group : "pass",
        .slot = strtoll(slot, NULL, 10),
        .transaction_timeout_ms = number_of("PASS_TRANSACTION_MS", 10000),
        .session_timeout_ms = number_of("PASS_SESSION_MS", 6000),
        .commit_every_ms = number_of("PASS_COMMIT_MS", 100),
        .commit_records = number_of("PASS_COMMIT_RECORDS", 20000),
        .commit_bytes = number_of("PASS_COMMIT_BYTES", 4 << 20),
        .queued_bytes = number_of("PASS_QUEUED_BYTES", 3 << 20),
        .note_dir = notes ? notes : "/tmp/pass_eos.notes",
    };
}

static int run(const struct transform_spec *spec)
{
    struct error error = {0};
    const char *admin = getenv("PASS_ADMIN");
    const struct daemon_options options = {.service = "pass",
                                           .admin_listen = admin ? admin : "127.0.0.1:0",
                                           .drain_deadline_ms = 10000};
    pass.daemon = daemon_new(&options, &error);
    if (!pass.daemon)
        return daemon_refuse(&error);
    pass.transform = transform_open(pass.daemon, spec, &error);
    if (!pass.transform)
        return daemon_refuse(&error);
    uv_timer_init(daemon_loop(pass.daemon), &pass.timer);
    if (pass.inject)
        uv_timer_start(&pass.timer, on_timer, 50, 50);
    _exit(daemon_run(pass.daemon, drain, NULL)); /* as the daemons do */
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: pass_eos BROKERS IN OUT SLOT [STATE]\n");
        return 64;
    }
    pass.with_state = argc > 5;
    pass.again_every = number_of("PASS_AGAIN", 0);
    pass.crash = getenv("PASS_CRASH");
    pass.inject = getenv("PASS_INJECT");
    const struct kafka_settings settings = read_settings(argv[1], argv[4]);
    const struct transform_source source = {argv[2], pass.with_state ? argv[5] : NULL, true};
    const struct transform_stream streams[] = {
        {argv[3], false, (int32_t)number_of("PASS_PARTITIONS", 0)},
        {pass.with_state ? argv[5] : "", false, 0},
    };
    const struct transform_spec spec = {
        .settings = &settings,
        .sources = &source,
        .source_count = 1,
        .assignor = "range",
        .streams = streams,
        .stream_count = pass.with_state ? 2 : 1,
        .handler = {NULL, open_partition, restore, NULL, on_record, pass.with_state ? save : NULL,
                    close_partition},
        .on_poison = on_poison,
    };
    log_open("pass", getenv("PASS_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
    return run(&spec);
}
