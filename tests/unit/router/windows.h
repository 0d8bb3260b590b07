/* SPDX-License-Identifier: Apache-2.0 */
/* A pass 2 with an array of outputs for Kafka, and a small script to talk to it:
 *
 *   fact ID TIME GROUP [field=value …]   a signal of step 0 (answer: of step 1; notice: of step 1,
 * to all) rev=N   the sender's revision        told=TIME  when it was first seen (else at its time)
 *        gone    it is taken back             trigger=NAME  of another one
 *   tick TIME [PARTITION]                     the watermark of one partition, or of all
 *   now                                       of all, just after the newest time at which a fact
 * was seen restart                                   from what was saved
 *
 * TIME is 03-02T08:00, local, of 2026 (or 2025-03-02T08:00). What fires is one line each: the
 * group's values, a colon, the sentence. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "model/codes.h"
#include "model/event.h"
#include "router/core/emit.h"
#include "router/core/signal.h"
#include "router/core/window_flow.h"

#define PARTITIONS 2
#define MOST_KEPT  8192

struct kept {
    int stream;
    char key[256];
    char *value; /* owned; NULL = tombstone */
    size_t len;
};

static struct kept kept[MOST_KEPT]; /* all that was written */
static size_t kept_count;
static struct district district;
static struct kinds *kinds;
static struct codes *codes;
static struct stations *stations;
static struct calendar *calendar;
static struct triggers *triggers;
static struct window_flow_rules rules;
static struct window_flow *flow;
static struct arena scratch;
static int64_t newest_ms;   /* receipt of the newest fact told */
static char complaint[512]; /* the first one of the last load; "" = none */

static inline void keep(void *carrier, const struct output *output)
{
    (void)carrier;
    assert_true(kept_count < MOST_KEPT);
    struct kept *one = &kept[kept_count++];
    one->stream = output->stream;
    span_to_cstr(output->key, one->key, sizeof one->key);
    one->value = output->value.at ? xspandup(output->value) : NULL;
    one->len = output->value.len;
}

static struct outputs outputs = {keep, NULL};

static inline int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    bool good = kinds && district_load(&district, "config", diagnostics);
    stations = stations_load("config/registries/stations.csv", diagnostics);
    calendar = calendar_load("config/registries/calendar.csv", diagnostics);
    diagnostics_free(diagnostics);
    arena_init(&scratch, 1 << 20);
    return good && stations && calendar ? 0 : -1;
}

static inline int unload(void **state)
{
    (void)state;
    kinds_free(kinds);
    codes_free(codes);
    district_fini(&district);
    stations_free(stations);
    calendar_free(calendar);
    arena_fini(&scratch);
    return 0;
}

static inline void complain(void *context, const char *line)
{
    (void)context;
    if (!complaint[0])
        snprintf(complaint, sizeof complaint, "%s",
                 strstr(line, "t.yaml") ? strstr(line, "t.yaml") : line);
}

/* A folder with that one trigger; NULL and `complaint` where it cannot be. */
static inline struct triggers *triggers_of(const char *yaml)
{
    char folder[] = "/tmp/citybrain-triggers-XXXXXX", path[64];
    struct diagnostics *diagnostics = diagnostics_new();
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/t.yaml", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(yaml, file);
    fclose(file);
    struct triggers *loaded = triggers_load(folder, kinds, &district, diagnostics);
    complaint[0] = '\0';
    diagnostics_each(diagnostics, complain, NULL);
    diagnostics_free(diagnostics);
    unlink(path);
    rmdir(folder);
    return loaded;
}

static inline void begin(struct triggers *with)
{
    triggers = with;
    rules = (struct window_flow_rules){.triggers = with,
                                       .district = &district,
                                       .stations = stations,
                                       .calendar = calendar,
                                       .bundle = SPAN("bundle"),
                                       .partitions = PARTITIONS};
    flow = window_flow_open(&rules, 0);
    newest_ms = 0;
}

static inline void forget_kept(void)
{
    for (size_t i = 0; i < kept_count; i++)
        free(kept[i].value);
    kept_count = 0;
}

static inline void end(void)
{
    window_flow_close(flow);
    triggers_free(triggers);
    forget_kept();
}

/* As a compacted topic gives it back: every record, in order, and nothing else. */
static inline void reopen(void)
{
    flow = window_flow_open(&rules, 0);
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream == STREAM_STATE_WINDOWS)
            window_flow_restore(flow, span_of(kept[i].key),
                                kept[i].value ? span_from(kept[i].value, kept[i].len) : SPAN_NONE);
    window_flow_restored(flow);
    assert_null(window_flow_fault(flow));
}

static inline void restart(void)
{
    window_flow_save(flow, &outputs);
    window_flow_close(flow);
    reopen();
}

static inline int64_t at(const char *text)
{
    char whole[80];
    int64_t ms = 0;
    snprintf(whole, sizeof whole, "%s%s", strlen(text) < 14 ? "2026-" : "", text);
    if (!timestamp_parse(span_of(whole), "%Y-%m-%dT%H:%M", 480, &ms))
        fail_msg("no time: %s", text);
    return ms;
}

static inline void hand_over(struct span key, struct span value)
{
    struct record record = {.topic = SPAN("cb.signals"), .key = key, .value = value};
    while (window_flow_on_record(flow, &record, &outputs) == TRANSFORM_AGAIN)
        window_flow_save(flow, &outputs);
}

static inline void send_signal(const struct signal *signal)
{
    static struct strbuf text;
    if (!text.at)
        strbuf_init(&text, 4096, 1 << 16);
    strbuf_reset(&text);
    signal_write(&text, signal);
    hand_over(signal->group, strbuf_span(&text));
}

static inline void tick(int64_t ms, int partition)
{
    struct strbuf text;
    strbuf_init(&text, 64, 256);
    signal_write_watermark(&text, partition, ms);
    hand_over(signal_watermark_key, strbuf_span(&text));
    strbuf_fini(&text);
}

/* "E1,R0105": as many values as the trigger groups by. */
static inline struct span group_of(const char *trigger, char *values, struct strbuf *text)
{
    struct span all[TRIGGER_MOST_GROUP], rest = span_of(values);
    size_t count = 0;
    while (rest.at && rest.len && count < TRIGGER_MOST_GROUP)
        all[count++] = span_cut(&rest, ',');
    strbuf_reset(text);
    signal_add_group(text, span_of(trigger), all, count);
    return strbuf_span(text);
}

static inline void read_option(struct signal *signal, char *word, const char **trigger)
{
    char *value = strchr(word, '=');
    if (strcmp(word, "gone") == 0)
        signal->counts = false;
    if (!value)
        return;
    *value++ = '\0';
    if (strcmp(word, "rev") == 0)
        signal->revision.source = strtoull(value, NULL, 10);
    else if (strcmp(word, "told") == 0)
        signal->recorded_ms = signal->revision.received_ms = signal->arrived_ms = at(value);
    else if (strcmp(word, "case") == 0)
        signal->subject = span_of(value);
    else if (strcmp(word, "trigger") == 0)
        *trigger = value;
    else
        signal->fields[signal->field_count++] =
            (struct signal_field){span_of(word), span_of(value)};
}

static inline void tell(int step, bool everywhere, char *rest)
{
    static struct strbuf text;
    char subject[128], *save = NULL;
    const char *trigger = triggers_at(triggers, 0)->name;
    if (!text.at)
        strbuf_init(&text, 256, 4096);
    const char *id = strtok_r(rest, " ", &save), *time = strtok_r(NULL, " ", &save);
    char *group = strtok_r(NULL, " ", &save);
    assert_non_null(group);
    snprintf(subject, sizeof subject, "request:12345:%s", id);
    struct signal signal = {.kind = SIGNAL_FACT,
                            .step = triggers_at(triggers, 0)->steps[step].key,
                            .id = span_of(id),
                            .counts = true,
                            .time_ms = at(time),
                            .subject = span_of(subject)};
    signal.recorded_ms = signal.revision.received_ms = signal.arrived_ms = signal.time_ms;
    for (char *word; (word = strtok_r(NULL, " ", &save));)
        read_option(&signal, word, &trigger);
    if (signal.recorded_ms > newest_ms)
        newest_ms = signal.recorded_ms;
    signal.group = everywhere ? span_of(trigger) : group_of(trigger, group, &text);
    signal.trigger = span_of(trigger);
    send_signal(&signal);
}

static inline void tick_line(char *rest)
{
    char *save = NULL;
    const char *time = strtok_r(rest, " ", &save), *one = strtok_r(NULL, " ", &save);
    for (int i = 0; i < PARTITIONS; i++)
        if (!one || atoi(one) == i)
            tick(at(time), i);
}

static inline void obey(const char *line)
{
    char copy[512];
    snprintf(copy, sizeof copy, "%s", line);
    char *rest = strchr(copy, ' ');
    if (rest)
        *rest++ = '\0';
    if (strcmp(copy, "fact") == 0)
        tell(0, false, rest);
    else if (strcmp(copy, "answer") == 0)
        tell(1, false, rest);
    else if (strcmp(copy, "notice") == 0)
        tell(1, true, rest);
    else if (strcmp(copy, "tick") == 0)
        tick_line(rest);
    else if (strcmp(copy, "now") == 0)
        for (int i = 0; i < PARTITIONS; i++)
            tick(newest_ms + 1, i);
    else if (strcmp(copy, "restart") == 0)
        restart();
    else
        fail_msg("what is \"%s\"?", line);
}

/* ---- what fired ---- */

static inline struct span member(const struct json_value *data, const char *name)
{
    struct span text = json_text(data, name);
    return text.at ? text : SPAN("-");
}

/* Its group and reason; `confirmed`, which follows where nobody is asked, is another test's. */
static inline void add_firing(struct strbuf *out, const struct kept *one)
{
    static struct json_reader *reader;
    struct record record = {.value = span_from(one->value, one->len), .key = span_of(one->key)};
    struct event event;
    if (!reader)
        reader = json_reader_new();
    arena_reset(&scratch);
    assert_int_equal(event_read_record(reader, &record, &scratch, &event), REJECT_NONE);
    assert_true(span_is(event.party, "router"));
    const struct json_value *group = json_get(event.data, SPAN("group"));
    if (!span_is(event.name, "opened"))
        return;
    for (const struct json_value *value = group->first; value; value = value->next)
        strbuf_addf(out, "%.*s%s", SPAN_ARG(value->text), value->next ? "," : "");
    struct span reason = member(event.data, "reason"), found = member(event.data, "found");
    assert_true(span_starts(reason, found)); /* what its case keeps of it */
    assert_true(found.len == reason.len || found.len + 3 > CASE_LINE_FOUND);
    strbuf_addf(out, ": %.*s\n", SPAN_ARG(reason));
}

static inline bool is_opened(const struct kept *one)
{
    return one->stream == STREAM_EVENTS && strstr(one->value, ".case.opened.");
}

/* One line each; two with one id fail. */
static inline void read_firings(struct strbuf *out)
{
    strbuf_reset(out);
    for (size_t i = 0; i < kept_count; i++) {
        if (kept[i].stream != STREAM_EVENTS)
            continue;
        for (size_t k = 0; k < i; k++)
            if (is_opened(&kept[k]) && is_opened(&kept[i]) && strcmp(kept[k].key, kept[i].key) == 0)
                fail_msg("fired twice: %s", kept[i].key);
        add_firing(out, &kept[i]);
    }
}

/* ---- shorter ---- */

static inline void begin_with(const char *yaml)
{
    struct triggers *loaded = triggers_of(yaml);
    if (!loaded)
        fail_msg("%s", complaint);
    begin(loaded);
}

static inline void obeyf(const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    obey(line);
}

static inline size_t count_firings(void)
{
    size_t count = 0;
    for (size_t i = 0; i < kept_count; i++)
        count += is_opened(&kept[i]);
    return count;
}

static inline const char *last_firing(void)
{
    for (size_t i = kept_count; i-- > 0;)
        if (is_opened(&kept[i]))
            return kept[i].value;
    return "";
}

static uint64_t seed;

static inline unsigned random_below(unsigned limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((seed >> 33) % limit);
}
