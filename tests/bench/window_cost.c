/* SPDX-License-Identifier: Apache-2.0 */
/* What a signal costs pass 2: facts of the district's triggers over many groups, a step of the
 * clock every second of a busy hour, a commit every twenty thousand. Prints ns a signal, bytes a
 * group. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/strbuf.h"
#include "model/codes.h"
#include "router/core/signal.h"
#include "router/core/window_flow.h"

#define BEGIN_MS INT64_C(1772409600000) /* 2026-03-02T00:00Z */
#define A_COMMIT 20000
#define A_STEP   1000

static int64_t written, bytes;

static void count(void *carrier, const struct output *output)
{
    (void)carrier;
    written++;
    bytes += (int64_t)output->value.len;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct outputs outputs = {count, NULL};

static void hand_over(struct window_flow *flow, struct span key, struct span value)
{
    struct record record = {.key = key, .value = value};
    while (window_flow_on_record(flow, &record, &outputs) == TRANSFORM_AGAIN)
        window_flow_save(flow, &outputs);
}

/* As pass 1 does: what the trigger asks for and the event has. */
static void add_fields(struct signal *signal, const struct trigger *trigger, struct span caller)
{
    const struct signal_field has[] = {{SPAN("type_code"), SPAN("R0105")},
                                       {SPAN("community_code"), SPAN("110105001901")},
                                       {SPAN("street_code"), SPAN("110105001")},
                                       {SPAN("caller_ref"), caller}};
    for (size_t i = 0; i < trigger->field_count; i++)
        for (size_t k = 0; k < ARRAY_LENGTH(has); k++)
            if (span_equal(trigger->fields[i], has[k].name))
                signal->fields[signal->field_count++] = has[k];
}

static void tell(struct window_flow *flow, const struct triggers *triggers, int64_t n,
                 int64_t groups, struct strbuf *key, struct strbuf *value)
{
    const struct trigger *trigger = triggers_at(triggers, (size_t)n % triggers_count(triggers));
    char place[32], id[40], subject[48];
    snprintf(place, sizeof place, "C%lld", (long long)(n * 7919 % groups));
    snprintf(id, sizeof id, "abcdefghijk%011lld", (long long)n);
    snprintf(subject, sizeof subject, "request:12345:%lld", (long long)n);
    struct span values[TRIGGER_MOST_GROUP];
    for (size_t i = 0; i < trigger->group_count; i++)
        values[i] = i ? SPAN("R0105") : span_of(place);
    strbuf_reset(key);
    strbuf_reset(value);
    signal_add_group(key, span_of(trigger->name), values, trigger->group_count);
    struct signal signal = {.kind = SIGNAL_FACT,
                            .step = trigger->steps[0].key,
                            .counts = true,
                            .time_ms = BEGIN_MS + n,
                            .recorded_ms = BEGIN_MS + n,
                            .id = span_of(id),
                            .subject = span_of(subject)};
    add_fields(&signal, trigger, span_of(id));
    signal.revision.received_ms = signal.arrived_ms = signal.recorded_ms;
    signal_write(value, &signal);
    if (flow)
        hand_over(flow, strbuf_span(key), strbuf_span(value));
}

int main(int argc, char **argv)
{
    int64_t facts = argc > 1 ? atoll(argv[1]) : 1000000, groups = argc > 2 ? atoll(argv[2]) : 5000;
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    static struct district district;
    if (!kinds || !district_load(&district, "config", diagnostics))
        return 1;
    struct triggers *triggers = triggers_load("config/triggers", kinds, &district, diagnostics);
    struct calendar *calendar = calendar_load("config/registries/calendar.csv", diagnostics);
    struct stations *stations = stations_load("config/registries/stations.csv", diagnostics);
    if (!triggers || !calendar || !stations)
        return 1;
    struct window_flow_rules rules = {.triggers = triggers,
                                      .district = &district,
                                      .stations = stations,
                                      .calendar = calendar,
                                      .bundle = SPAN("bundle"),
                                      .partitions = 1};
    struct window_flow *flow = window_flow_open(&rules, 0);
    struct strbuf key, value;
    strbuf_init(&key, 256, 4096);
    strbuf_init(&value, 4096, 1 << 16);
    size_t heap = mallinfo2().uordblks;
    double before = seconds();
    for (int64_t n = 0; n < facts; n++)
        tell(NULL, triggers, n, groups, &key, &value);
    double began = seconds(), writing = began - before;
    for (int64_t n = 0; n < facts; n++) {
        tell(flow, triggers, n, groups, &key, &value);
        if (n % A_STEP == A_STEP - 1) {
            strbuf_reset(&value);
            signal_write_watermark(&value, 0, BEGIN_MS + n);
            hand_over(flow, signal_watermark_key, strbuf_span(&value));
        }
        if (n % A_COMMIT == A_COMMIT - 1)
            window_flow_save(flow, &outputs);
    }
    double took = seconds() - began - writing;
    struct window_flow_counts counts = window_flow_counts(flow);
    printf("%lld signals over %lld groups: %.0f ns a signal, reading it, a step of the clock in a "
           "thousand and a commit in twenty thousand included; %lld firings, %.2f state records a "
           "signal of %.0f bytes, %.0f bytes of heap a group\n",
           (long long)facts, (long long)counts.groups, took * 1e9 / (double)facts,
           (long long)counts.firings, (double)written / (double)facts,
           (double)bytes / (double)written,
           (double)(mallinfo2().uordblks - heap) / (double)(counts.groups ? counts.groups : 1));
    return 0;
}
