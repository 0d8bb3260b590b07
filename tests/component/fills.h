/* SPDX-License-Identifier: Apache-2.0 */
/* Files of views before and after a change, writers and fills over a PostgreSQL of its own. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/fill.h"
#include "aggregator/store/writer.h"
#include "base/base.h"
#include "daemon/failpoint.h"
#include "daemon/log.h"

#include "../support/postgres_private.h"
#include "one_answer.h"

#define BASE_MS 1767225600000LL /* 2026-01-01T00:00Z */
#define CASES   5000

static struct {
    struct postgres_private postgres;
    struct codes *codes;
    struct kinds *kinds;
    struct batch_rules before, after;
    struct postgres_connection *reader;
    char folder[32]; /* of the new view files */
} here;

static inline bool write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.yaml", here.folder, name);
    FILE *file = fopen(path, "w");
    return file && fputs(text, file) >= 0 && fclose(file) == 0;
}

/* Of three views one stays, one changes, one goes, and one is new. */
static inline bool load_rules(void)
{
    static const char same[] = "view: same\nof: { kind: request }\ngroup: [unit]\nmeasures:\n  "
                               "opened: { count: opened }\n",
                      changes[] =
                          "view: changes\nof: { kind: request }\ngroup: [unit]\nmeasures:\n  "
                          "opened: { count: opened }\n",
                      changed[] =
                          "view: changes\nof: { kind: request }\ngroup: [unit, type_code]\n"
                          "measures:\n  opened: { count: opened }\n  closed: { count: closed "
                          "}\n",
                      goes[] =
                          "view: goes\nof: { kind: request }\ngroup: [unit]\nmeasures:\n  opened: "
                          "{ count: opened }\n",
                      comes[] =
                          "view: comes\nof: { kind: request }\ngroup: [unit]\nmeasures:\n  full: "
                          "{ duration: { from: opened, to: closed } }\n";
    char path[128];
    struct diagnostics *diagnostics = diagnostics_new();
    here.codes = codes_load("config/codes.csv", diagnostics);
    here.kinds = kinds_load("config/kinds", here.codes, diagnostics);
    strcpy(here.folder, "/tmp/cb-views.XXXXXX");
    if (!mkdtemp(here.folder) || !write_file("same", same) || !write_file("changes", changes) ||
        !write_file("goes", goes))
        return false;
    here.before = (struct batch_rules){here.codes, here.kinds,
                                       views_load(here.folder, here.kinds, diagnostics), 480, NULL};
    snprintf(path, sizeof path, "%s/goes.yaml", here.folder);
    if (remove(path) != 0 || !write_file("changes", changed) || !write_file("comes", comes))
        return false;
    here.after = (struct batch_rules){here.codes, here.kinds,
                                      views_load(here.folder, here.kinds, diagnostics), 480, NULL};
    diagnostics_free(diagnostics);
    return here.before.views && here.after.views;
}

static inline struct writer *open_writer(const struct batch_rules *rules, int shard)
{
    return writer_new(&(struct writer_options){.conninfo = here.postgres.conninfo,
                                               .topic = "cb.events",
                                               .owner = "test",
                                               .shard = shard,
                                               .schema = {"services/aggregator/sql", rules, NULL}});
}

static inline int open_all(void **state)
{
    struct error error = {0};
    (void)state;
    if (!load_rules() || !postgres_private_start(&here.postgres))
        return 1;
    here.reader = postgres_connection_new(here.postgres.conninfo, "test", NULL);
    return postgres_connection_open(here.reader, &error) ? 0 : 1;
}

static inline int close_all(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", here.folder);
    postgres_connection_free(here.reader);
    views_free((struct views *)(uintptr_t)here.before.views);
    views_free((struct views *)(uintptr_t)here.after.views);
    kinds_free(here.kinds);
    codes_free(here.codes);
    return postgres_private_stop(&here.postgres) && system(command) == 0 ? 0 : 1; /* NOLINT */
}

static inline void ask(const char *sql, char *answer, size_t size)
{
    one_answer(here.reader, sql, answer, size);
}

static inline int64_t number(const char *sql)
{
    char answer[64];
    ask(sql, answer, sizeof answer);
    return strtoll(answer, NULL, 10);
}

static inline void run(const char *sql)
{
    struct error error = {0};
    if (!postgres_connection_run(here.reader, sql, &error))
        fail_msg("%s", error.text);
}

/* An event of case n: its opening, or its end an hour and some seconds later. */
static inline void add(struct batch *batch, int n, bool ends)
{
    char case_id[48], id[32], type[8];
    snprintf(case_id, sizeof case_id, "request:test:%05d", n);
    snprintf(id, sizeof id, "%d-%d", n, ends);
    snprintf(type, sizeof type, "R%02d", n % 7);
    struct case_line line = {
        .id = span_of(id),
        .revision = SPAN("0.a.1.0000000000000001"),
        .stage = codes_number(here.codes, CODE_STAGE, ends ? SPAN("closed") : SPAN("opened")),
        .party = codes_number(here.codes, CODE_PARTY, SPAN("source")),
        .time_ms = BASE_MS + n + (ends ? 3600000 + 1000 * (n % 50) : 0),
        .recorded_ms = BASE_MS + n,
        .live = true};
    line.attribute[CASE_LEAD] = n % 3 ? SPAN("s110105001") : SPAN("d_urban");
    line.attribute[CASE_TYPE] = span_of(type);
    assert_true(batch_add(batch, span_of(case_id), &line));
}

struct feed {
    struct writer *writer;
    struct writer_position position;
    int from, to; /* cases of the next batch */
    bool ends;
};

static inline enum writer_result commit(struct feed *feed, const struct batch_rules *rules)
{
    struct error error = {0};
    struct batch *batch = batch_new(rules, 8 << 20);
    for (int n = feed->from; n < feed->to; n++)
        add(batch, n, feed->ends);
    feed->position.next = feed->position.stored + 10;
    enum writer_result result = writer_commit(feed->writer, batch, &feed->position, 1, &error);
    if (result == WRITER_DONE)
        feed->position.stored = feed->position.next;
    batch_free(batch);
    return result;
}

static inline struct feed open_feed(const struct batch_rules *rules, int shard)
{
    struct error error = {0};
    struct feed feed = {.writer = open_writer(rules, shard), .position = {.stored = -1}};
    if (!writer_apply_schema(feed.writer, &error) ||
        !writer_take_over(feed.writer, &feed.position, 1, &error))
        fail_msg("%s", error.text);
    return feed;
}

static inline void step(struct fill *fill, enum fill_result expected)
{
    struct error error = {0};
    enum fill_result result = fill_step(fill, &error);
    if (result != expected)
        fail_msg("step %d, not %d: %s", result, expected, error.text);
}

static inline struct fill *open_fill(const struct batch_rules *rules, bool all)
{
    static struct schema_rules schema; /* as long as the fill, of which there is one */
    struct error error = {0};
    schema = (struct schema_rules){"services/aggregator/sql", rules, NULL};
    struct fill *fill = fill_new(here.postgres.conninfo, &schema, all);
    if (!fill_open(fill, true, &error) || !fill_begin(fill, &error))
        fail_msg("%s", error.text);
    return fill;
}
