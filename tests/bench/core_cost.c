/* SPDX-License-Identifier: Apache-2.0 */
/* The cores alone: CPU a record of normalising, deciding and reading a decision back, without
 * Kafka. Steadier than the whole daemons, and the same program under a profiler shows the core
 * only.
 *
 * usage: core_cost CONFIG FILE     FILE: lines of header `cb`, tab, value (tests/bench/orders.py)
 * Prints {"normalise_us":…,"decide_us":…,"read_back_us":…}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/memory.h"
#include "ingest/core/normalise.h"
#include "router/core/case_flow.h"
#include "router/core/district.h"
#include "router/core/emit.h"

enum { RECORDS_A_COMMIT = 2000 };

struct kept {
    struct record *at; /* owned, texts too */
    size_t count, capacity;
};

static struct kept written[2]; /* by the normaliser, by the router */

static void keep(struct kept *kept, struct span key, struct span value, struct span header_name,
                 struct span header)
{
    if (kept->count == kept->capacity) {
        kept->capacity = kept->capacity ? 2 * kept->capacity : 1024;
        kept->at = xrealloc(kept->at, kept->capacity * sizeof *kept->at);
    }
    struct record *record = &kept->at[kept->count++];
    *record = (struct record){.offset = (int64_t)kept->count,
                              .key = span_of(xspandup(key)),
                              .value = span_of(xspandup(value)),
                              .headers = {{header_name, span_of(xspandup(header))}},
                              .header_count = 1};
}

/* NULL: written to nowhere. */
static void add_output(void *carrier, const struct output *output)
{
    struct kept *kept = carrier;
    if (kept && output->stream == 0 && span_starts(output->key, SPAN("request:")))
        keep(kept, output->key, output->value, SPAN("content-type"), output->headers[0].value);
}

static double cpu_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double per_record(double began, size_t count)
{
    return count ? (cpu_now() - began) / (double)count : 0;
}

static double normalise_all(const struct feeds *feeds, const struct kinds *kinds,
                            const struct kept *raw)
{
    static struct normalise normalise;
    struct normalise_result result;
    struct outputs nowhere = {add_output, NULL}, outputs = {add_output, &written[0]};
    normalise_init(&normalise, feeds, kinds);
    for (size_t i = 0; i < raw->count; i++)
        normalise_record(&normalise, &raw->at[i], &outputs, &result);
    double began = cpu_now();
    for (size_t i = 0; i < raw->count; i++)
        normalise_record(&normalise, &raw->at[i], &nowhere, &result);
    double cost = per_record(began, raw->count);
    normalise_fini(&normalise);
    return cost;
}

static double run_flow(struct case_flow *flow, const struct kept *events, struct kept *into)
{
    struct outputs outputs = {add_output, into};
    double began = cpu_now();
    for (size_t i = 0; i < events->count; i++) {
        case_flow_on_record(flow, &events->at[i], &outputs);
        if (i % RECORDS_A_COMMIT == 0)
            case_flow_save(flow, &outputs);
    }
    case_flow_save(flow, &outputs);
    return per_record(began, events->count);
}

static struct kept read_raw(const char *path)
{
    struct kept raw = {0};
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    FILE *file = fopen(path, "r");
    while (file && (len = getline(&line, &size, file)) > 0) {
        struct span value = span_from(line, (size_t)len - (line[len - 1] == '\n'));
        struct span header = span_cut(&value, '\t');
        keep(&raw, SPAN("hotline"), value, SPAN("cb"), header);
    }
    if (file)
        fclose(file);
    free(line);
    return raw;
}

int main(int argc, char **argv)
{
    char path[512];
    struct rule_bundle bundle = {0};
    struct diagnostics *diagnostics = diagnostics_new();
    if (argc != 3) {
        fprintf(stderr, "usage: core_cost CONFIG FILE\n");
        return 64;
    }
    snprintf(path, sizeof path, "%s/codes.csv", argv[1]);
    struct codes *codes = codes_load(path, diagnostics);
    snprintf(path, sizeof path, "%s/kinds", argv[1]);
    struct kinds *kinds = codes ? kinds_load(path, codes, diagnostics) : NULL;
    snprintf(path, sizeof path, "%s/feeds", argv[1]);
    struct feeds *feeds = feeds_load(path, diagnostics);
    bool decides = kinds && rule_bundle_load(&bundle, argv[1], kinds, diagnostics);
    struct kept raw = read_raw(argv[2]);
    if (!decides || !feeds || raw.count == 0) {
        fprintf(stderr, "core_cost: %s or %s cannot be read\n", argv[1], argv[2]);
        return 66;
    }
    const struct case_flow_rules flow_rules = {
        .codes = codes, .kinds = kinds, .bundle = &bundle, .max_age_ms = INT64_MAX / 2};
    struct case_flow *flow = case_flow_open(&flow_rules, 0), *warm = case_flow_open(&flow_rules, 0);
    double normalise_us = normalise_all(feeds, kinds, &raw);
    run_flow(warm, &written[0], &written[1]);
    double decide_us = run_flow(flow, &written[0], NULL);
    double read_back_us = run_flow(flow, &written[1], NULL);
    printf("{\"normalise_us\":%.3f,\"decide_us\":%.3f,\"read_back_us\":%.3f}\n", normalise_us,
           decide_us, read_back_us);
    return written[1].count >= written[0].count ? 0 : 70; /* a link may stand beside a decision */
}
