/* SPDX-License-Identifier: Apache-2.0 */
#include "router/window_pass.h"

#include <stdio.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "daemon/log.h"

static const struct metric_row facts_row = {
    "citybrain_router_facts_total", METRIC_COUNTER, NULL,
    "Facts that windows took. Standing still while events come in: look whether config/triggers "
    "listens to them."};
static const struct metric_row unused_row = {
    "citybrain_router_facts_unused_total", METRIC_COUNTER, "why",
    "Facts that count in no window: repeated (known already), late (told beyond the horizon), "
    "crowded (newer ones of a full group pushed them out), full (a trigger has "
    "router.most_groups of them), unknown (its trigger is gone). full and crowded: group coarser "
    "or raise the bound."};
static const struct metric_row firings_row = {"citybrain_router_firings_total", METRIC_COUNTER,
                                              "form", "Proactive cases that triggers opened."};
static const struct metric_row held_row = {
    "citybrain_router_firings_held_total", METRIC_COUNTER, NULL,
    "Firings that a cap delayed; one whose facts leave their window meanwhile is not opened. "
    "Growing: the trigger is too eager, see caps in "
    "its file."};
static const struct metric_row lapsed_row = {
    "citybrain_router_firings_lapsed_total", METRIC_COUNTER, NULL,
    "Of the firings that a cap delayed, those whose facts had left their window, or were taken "
    "back, "
    "before it let them through: nobody was told. Raise the caps of the trigger, or ask for more "
    "facts."};
static const struct metric_row anew_row = {
    "citybrain_router_windows_anew_total", METRIC_COUNTER, NULL,
    "Groups forgotten because their trigger listens to other things or groups otherwise than it "
    "did "
    "under the same name; a surge begins to measure anew. The log's router.trigger_anew names it."};
static const struct metric_row groups_row = {
    "citybrain_router_windows", METRIC_GAUGE, "partition",
    "Groups of triggers in memory. Growing without end: a trigger groups by something that never "
    "comes again."};
static const struct metric_row clock_row = {
    "citybrain_router_windows_clock_timestamp_seconds", METRIC_GAUGE, "partition",
    "Up to when absence is judged: the least of the clocks of all partitions of events. Standing "
    "still while ticks come: a partition of events has no owner."};
static const struct metric_row dead_row = {
    "citybrain_router_signals_dead_total", METRIC_COUNTER, NULL,
    "Records of signals that no window could take. Their dead letters name the reason."};

static const char *const reasons[] = {"repeated", "late", "crowded", "full", "unknown"};

void window_pass_init(struct window_pass *pass, struct metrics *metrics, int64_t most_groups)
{
    *pass = (struct window_pass){.rules = {.most_groups = most_groups},
                                 .facts = metrics_add(metrics, &facts_row),
                                 .unused = metrics_add(metrics, &unused_row),
                                 .firings = metrics_add(metrics, &firings_row),
                                 .held = metrics_add(metrics, &held_row),
                                 .lapsed = metrics_add(metrics, &lapsed_row),
                                 .anew = metrics_add(metrics, &anew_row),
                                 .groups = metrics_add(metrics, &groups_row),
                                 .clock = metrics_add(metrics, &clock_row),
                                 .dead = metrics_add(metrics, &dead_row)};
    struct metric *const counters[] = {pass->facts, pass->held, pass->lapsed, pass->anew,
                                       pass->dead};
    for (size_t i = 0; i < ARRAY_LENGTH(counters); i++)
        metric_add(counters[i], SPAN(""), 0); /* shown before there is anything to count */
    for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++)
        metric_add(pass->unused, span_of(reasons[i]), 0);
    for (int form = 0; form < TRIGGER_FORMS; form++)
        metric_add(pass->firings, span_of(trigger_form_name((enum trigger_form)form)), 0);
}

void window_pass_set_bundle(struct window_pass *pass, const struct rule_bundle *bundle,
                            int32_t event_partitions)
{
    pass->rules.triggers = bundle->triggers;
    pass->rules.district = &bundle->district;
    pass->rules.stations = bundle->stations;
    pass->rules.calendar = bundle->district.calendar;
    pass->rules.bundle = span_of(bundle->hash);
    pass->rules.partitions = event_partitions;
}

static void count(struct metric *metric, struct span label, int64_t more)
{
    if (more)
        metric_add(metric, label, more);
}

void window_pass_count(struct window_pass *pass, struct window_flow_counts *before,
                       const struct window_flow_counts *now)
{
    const int64_t unused[] = {now->repeated - before->repeated, now->late - before->late,
                              now->crowded - before->crowded, now->full - before->full,
                              now->unknown - before->unknown};
    count(pass->facts, SPAN(""), now->facts - before->facts);
    count(pass->held, SPAN(""), now->held - before->held);
    count(pass->lapsed, SPAN(""), now->lapsed - before->lapsed);
    count(pass->dead, SPAN(""), now->dead - before->dead);
    for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++)
        count(pass->unused, span_of(reasons[i]), unused[i]);
    for (int form = 0; form < TRIGGER_FORMS; form++)
        count(pass->firings, span_of(trigger_form_name((enum trigger_form)form)),
              now->fired[form] - before->fired[form]);
    *before = *now;
}

struct taken_up {
    struct window_pass *pass;
    int32_t partition;
};

static void tell_anew(void *context, const char *trigger, int64_t groups)
{
    const struct taken_up *taken_up = context;
    log_warn("router.trigger_anew", LOG_STR("trigger", trigger),
             LOG_INT("partition", taken_up->partition), LOG_INT("groups", groups),
             LOG_STR("fix", "a trigger that is another one may have a name of its own"));
    count(taken_up->pass->anew, SPAN(""), groups);
}

void window_pass_taken_up(struct window_pass *pass, const struct window_flow *flow,
                          int32_t partition)
{
    struct taken_up taken_up = {pass, partition};
    window_flow_each_anew(flow, tell_anew, &taken_up);
}

void window_pass_show(struct window_pass *pass, int32_t partition,
                      const struct window_flow_counts *now)
{
    char label[16];
    snprintf(label, sizeof label, "%d", (int)partition);
    metric_set(pass->groups, span_of(label), now->groups);
    if (now->clock_ms != TIMESTAMP_NONE)
        metric_set(pass->clock, span_of(label), now->clock_ms / 1000);
}
