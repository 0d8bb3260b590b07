/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in order of registration; a row's values in a small table by label. Read and written on the
 * loop thread only. */
#include "daemon/metrics.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/base.h"
#include "base/memory.h"

#define MOST_LABELS 1024

/* As %g has them: a scrape is each five seconds, and printf was the larger part of it. */
static const struct {
    double seconds;
    const char *text;
} bounds[] = {{0.001, "0.001"}, {0.0025, "0.0025"}, {0.005, "0.005"}, {0.01, "0.01"},
              {0.025, "0.025"}, {0.05, "0.05"},     {0.1, "0.1"},     {0.25, "0.25"},
              {0.5, "0.5"},     {1, "1"},           {2.5, "2.5"},     {5, "5"},
              {10, "10"},       {30, "30"},         {60, "60"}};

struct metric_cell {
    char *label; /* owned */
    int64_t value;
    double sum;                           /* histograms: seconds */
    int64_t counts[ARRAY_LENGTH(bounds)]; /* cumulative on writing only */
    UT_hash_handle hh;
};

struct metric {
    struct metric_row row;
    struct metric_cell *cells;
    struct metric *next;
};

struct metrics {
    struct metric *first, **last;
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = xcalloc(1, sizeof *metrics);
    metrics->last = &metrics->first;
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    for (struct metric *metric = metrics->first, *next; metric; metric = next) {
        struct metric_cell *cell = metric->cells, *after;
        next = metric->next;
        HASH_CLEAR(hh, metric->cells); /* the table only; the cells stay linked */
        for (; cell; cell = after) {
            after = cell->hh.next;
            free(cell->label);
            free(cell);
        }
        free(metric);
    }
    free(metrics);
}

struct metric *metrics_add(struct metrics *metrics, const struct metric_row *row)
{
    for (struct metric *metric = metrics->first; metric; metric = metric->next)
        if (strcmp(metric->row.name, row->name) == 0)
            return metric;
    struct metric *metric = xcalloc(1, sizeof *metric);
    metric->row = *row;
    *metrics->last = metric;
    metrics->last = &metric->next;
    return metric;
}

static struct metric_cell *find(const struct metric *metric, struct span label)
{
    struct metric_cell *cell;
    HASH_FIND(hh, metric->cells, label.at, label.len, cell);
    return cell;
}

static struct metric_cell *reach(struct metric *metric, struct span label)
{
    if (!label.at)
        label = SPAN("");
    struct metric_cell *cell = find(metric, label);
    if (cell)
        return cell;
    if (HASH_COUNT(metric->cells) >= MOST_LABELS && !span_is(label, "other"))
        return reach(metric, SPAN("other"));
    cell = xcalloc(1, sizeof *cell);
    cell->label = xspandup(label);
    HASH_ADD_KEYPTR(hh, metric->cells, cell->label, label.len, cell);
    return cell;
}

void metric_add(struct metric *metric, struct span label, int64_t n)
{
    reach(metric, label)->value += n;
}

struct metric_cell *metric_cell(struct metric *metric, struct span label)
{
    return reach(metric, label);
}

void metric_cell_add(struct metric_cell *cell, int64_t n)
{
    cell->value += n;
}

void metric_set(struct metric *metric, struct span label, int64_t value)
{
    reach(metric, label)->value = value;
}

void metric_observe_ms(struct metric *metric, struct span label, double ms)
{
    metric_cell_observe_ms(reach(metric, label), ms);
}

void metric_cell_observe_ms(struct metric_cell *cell, double ms)
{
    double seconds = ms / 1000;
    size_t i = 0;
    while (i < ARRAY_LENGTH(bounds) && seconds > bounds[i].seconds)
        i++;
    if (i < ARRAY_LENGTH(bounds))
        cell->counts[i]++;
    cell->value++;
    cell->sum += seconds;
}

int64_t metric_value(const struct metric *metric, struct span label)
{
    const struct metric_cell *cell = find(metric, label.at ? label : SPAN(""));
    return cell ? cell->value : 0;
}

static void write_pair(struct span name, struct span value, struct strbuf *out)
{
    strbuf_add(out, name);
    strbuf_add(out, SPAN("=\""));
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        if (c == '"' || c == '\\' || c == '\n')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, c == '\n' ? 'n' : c);
    }
    strbuf_add_char(out, '"');
}

/* name="value",… as many as the row has. */
static void write_pairs(const struct metric *metric, const struct metric_cell *cell,
                        struct strbuf *out)
{
    struct span names = span_of(metric->row.label), values = span_of(cell->label);
    while (names.at) {
        struct span name = span_cut(&names, ',');
        struct span value = names.at ? span_cut(&values, ',') : values;
        write_pair(name, value.at ? value : SPAN("other"), out);
        if (names.at)
            strbuf_add_char(out, ',');
    }
}

static void write_value(int64_t value, struct strbuf *out)
{
    strbuf_add_char(out, ' ');
    strbuf_add_int(out, value);
    strbuf_add_char(out, '\n');
}

/* The name, what is said of it and the pairs. */
static void begin_line(const struct metric *metric, const struct metric_cell *cell,
                       struct span more, struct strbuf *out)
{
    strbuf_add(out, span_of(metric->row.name));
    strbuf_add(out, more);
    if (!metric->row.label)
        return;
    strbuf_add_char(out, '{');
    write_pairs(metric, cell, out);
    strbuf_add_char(out, '}');
}

static void write_histogram(const struct metric *metric, const struct metric_cell *cell,
                            struct strbuf *line, struct strbuf *out)
{
    int64_t sum = 0;
    strbuf_reset(line);
    strbuf_add(line, span_of(metric->row.name));
    strbuf_add(line, SPAN("_bucket{"));
    write_pairs(metric, cell, line);
    strbuf_add(line, metric->row.label ? SPAN(",le=\"") : SPAN("le=\""));
    for (size_t i = 0; i <= ARRAY_LENGTH(bounds); i++) {
        bool last = i == ARRAY_LENGTH(bounds);
        sum = last ? cell->value : sum + cell->counts[i];
        strbuf_add(out, strbuf_span(line));
        strbuf_add(out, last ? SPAN("+Inf") : span_of(bounds[i].text));
        strbuf_add(out, SPAN("\"}"));
        write_value(sum, out);
    }
    begin_line(metric, cell, SPAN("_sum"), out);
    strbuf_addf(out, " %.6f\n", cell->sum);
    begin_line(metric, cell, SPAN("_count"), out);
    write_value(cell->value, out);
}

static void write_head(const struct metric *metric, struct strbuf *out)
{
    static const struct span kinds[] = {{"counter", 7}, {"gauge", 5}, {"histogram", 9}};
    struct span name = span_of(metric->row.name);
    const struct span words[] = {SPAN("# HELP "),   name, SPAN(" "), span_of(metric->row.help),
                                 SPAN("\n# TYPE "), name, SPAN(" "), kinds[metric->row.kind],
                                 SPAN("\n")};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        strbuf_add(out, words[i]);
}

void metrics_write(const struct metrics *metrics, struct strbuf *out)
{
    struct strbuf line;
    strbuf_init(&line, 256, 4096);
    for (const struct metric *metric = metrics->first; metric; metric = metric->next) {
        write_head(metric, out);
        if (!metric->cells && !metric->row.label && metric->row.kind != METRIC_HISTOGRAM)
            strbuf_addf(out, "%s 0\n", metric->row.name);
        for (const struct metric_cell *cell = metric->cells; cell; cell = cell->hh.next) {
            if (metric->row.kind == METRIC_HISTOGRAM) {
                write_histogram(metric, cell, &line, out);
                continue;
            }
            begin_line(metric, cell, SPAN(""), out);
            write_value(cell->value, out);
        }
    }
    strbuf_fini(&line);
}
