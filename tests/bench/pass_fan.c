/* SPDX-License-Identifier: Apache-2.0 */
/* The transform loop with a core that knows beforehand what to say: for each record it reads it
 * writes the next bundle of a file, canned bytes under the record's own key. It reads what a daemon
 * reads and writes as many records of the same sizes to the same kinds of topics, so the difference
 * to the daemon is the daemon's own work.
 *
 * usage: pass_fan BROKERS IN OUT CANNED SLOT [STATE]
 *   IN, STATE   full names; OUT: prefix of "events" and of the family "dispatch."
 *   CANNED      bundles, each: u32 outputs, then per output u8 stream (0 events, 1 dispatch,
 *               2 state), u8 suffix length, u16 header length, u32 value length, suffix, header
 *               (content-type), value; numbers little-endian
 *
 * Environment: PASS_GROUP, PASS_NOTES, PASS_ADMIN as in pass_eos. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "kafka/transform.h"

enum { STREAM_EVENTS, STREAM_DISPATCH, STREAM_STATE, STREAM_COUNT };
enum { OUTPUT_HEAD = 8 };

static struct {
    struct daemon *daemon;
    struct transform *transform;
    struct span canned; /* all bundles */
    size_t at;          /* the next one */
} pass;

static struct span read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t len = 0, capacity = 1 << 20, got;
    char *bytes = xmalloc(capacity);
    if (!file) {
        fprintf(stderr, "pass_fan: cannot read %s\n", path);
        exit(66);
    }
    while ((got = fread(bytes + len, 1, capacity - len, file)) > 0) {
        len += got;
        if (len == capacity)
            bytes = xrealloc(bytes, capacity *= 2);
    }
    fclose(file);
    return span_from(bytes, len);
}

static uint32_t number_at(size_t at, size_t bytes)
{
    uint32_t number = 0;
    if (at + bytes > pass.canned.len)
        abort(); /* a cut file */
    memcpy(&number, pass.canned.at + at, bytes);
    return number;
}

static struct span cut(size_t len)
{
    struct span piece = span_from(pass.canned.at + pass.at, len);
    if (pass.at + len > pass.canned.len)
        abort();
    pass.at += len;
    return piece;
}

static void *open_partition(void *context, int source, int32_t number, struct span metadata)
{
    (void)context;
    (void)source;
    (void)metadata;
    int32_t *state = xmalloc(sizeof *state);
    *state = number;
    return state;
}

static void restore(void *state, struct span key, struct span value)
{
    (void)state;
    (void)key;
    (void)value;
}

static void write_output(const struct record *record, int32_t partition, struct outputs *outputs)
{
    struct output output = {.stream = (int)number_at(pass.at, 1), .partition = OUTPUT_BY_KEY};
    size_t suffix = number_at(pass.at + 1, 1), header = number_at(pass.at + 2, 2),
           value = number_at(pass.at + 4, 4);
    pass.at += OUTPUT_HEAD;
    output.suffix = cut(suffix);
    output.headers[0] = (struct record_header){SPAN("content-type"), cut(header)};
    output.header_count = header > 0;
    output.key = record->key;
    output.value = cut(value);
    if (output.stream == STREAM_STATE)
        output.partition = partition;
    outputs_add(outputs, &output);
}

static enum transform_result on_record(void *state, const struct record *record,
                                       struct outputs *outputs)
{
    const int32_t *partition = state;
    if (!record->key.at || span_starts(record->key, SPAN("ledger:"))) /* no case, no answer */
        return TRANSFORM_NEXT;
    if (pass.at >= pass.canned.len)
        pass.at = 0;
    uint32_t count = number_at(pass.at, 4);
    pass.at += sizeof count;
    for (uint32_t i = 0; i < count; i++)
        write_output(record, *partition, outputs);
    return TRANSFORM_NEXT;
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
    _exit(daemon_run(pass.daemon, drain, NULL)); /* as the daemons do */
}

int main(int argc, char **argv)
{
    char events[KAFKA_MAX_NAME], dispatch[KAFKA_MAX_NAME];
    if (argc < 6) {
        fprintf(stderr, "usage: pass_fan BROKERS IN OUT CANNED SLOT [STATE]\n");
        return 64;
    }
    const char *state = argc > 6 ? argv[6] : NULL, *group = getenv("PASS_GROUP"),
               *notes = getenv("PASS_NOTES");
    snprintf(events, sizeof events, "%sevents", argv[3]);
    snprintf(dispatch, sizeof dispatch, "%sdispatch.", argv[3]);
    pass.canned = read_file(argv[4]);
    /* The daemons' own defaults. */
    const struct kafka_settings settings = {
        .brokers = argv[1],
        .prefix = "",
        .group = group ? group : "fan",
        .slot = strtoll(argv[5], NULL, 10),
        .transaction_timeout_ms = 10000,
        .session_timeout_ms = 15000,
        .commit_every_ms = 100,
        .commit_records = 20000,
        .commit_bytes = 4 << 20,
        .queued_bytes = 3 << 20,
        .note_dir = notes ? notes : "/tmp/pass_fan.notes",
    };
    const struct transform_source source = {argv[2], state, true};
    const struct transform_stream streams[STREAM_COUNT] = {
        [STREAM_EVENTS] = {events, false, 0},
        [STREAM_DISPATCH] = {dispatch, true, 0},
        [STREAM_STATE] = {state ? state : "", false, 0},
    };
    const struct transform_spec spec = {
        .settings = &settings,
        .sources = &source,
        .source_count = 1,
        .assignor = "range",
        .streams = streams,
        .stream_count = state ? STREAM_COUNT : STREAM_STATE,
        .handler = {NULL, open_partition, restore, NULL, on_record, NULL, free},
    };
    log_open("pass", LOG_LEVEL_INFO);
    return run(&spec);
}
