/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus metrics. Each room declares its rows once; a row's help is a sentence for an operator.
 * Labels are few and bounded (feed family, unit, reason, stage), never per record. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/strbuf.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_row {
    const char *name; /* citybrain_<service>_<noun>_<unit>[_total] */
    enum metric_kind kind;
    const char *label; /* a label's name, two as "feed,reason", or NULL */
    const char *help;
};

struct metrics; /* one per daemon */
struct metric;  /* a registered row */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);
struct metric *metrics_add(struct metrics *metrics, const struct metric_row *row);
/* `label` is its value, "hotline,date" where there are two, "" where the row has none. At most
 * 1,024 values a label; beyond that the value is "other". */
void metric_add(struct metric *metric, struct span label, int64_t n);
void metric_set(struct metric *metric, struct span label, int64_t value);
void metric_observe_ms(struct metric *metric, struct span label,
                       double ms); /* histogram in seconds */
/* That label's value, for who counts at each record: it stays as long as the metrics do. */
struct metric_cell;
struct metric_cell *metric_cell(struct metric *metric, struct span label);
void metric_cell_add(struct metric_cell *cell, int64_t n);
void metric_cell_observe_ms(struct metric_cell *cell, double ms);
int64_t metric_value(const struct metric *metric, struct span label);
void metrics_write(const struct metrics *metrics, struct strbuf *out); /* text format 0.0.4 */
