/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped configuration with triggers of its own, and the facts that were written for them.
 * Without kafka. */
#pragma once

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow.h"
#include "router/core/signal.h"

static char folder[] = "/tmp/citybrain-triggers-XXXXXX";
static struct triggers *triggers;
static struct arena arena;

static const char cluster[] =
    "trigger: cluster\nname: 同一小区集中反映\non: { kind: request, stage: opened }\n"
    "group: [estate_code, type_code]\n"
    "count: { at_least: 3, distinct: { caller_ref: 2 }, within: 7d }\ncool_down: 7d\n"
    "open: { type_code: same, place: same, say: \"{within}内{count}件\" }\n";
static const char again[] =
    "trigger: again\nname: 重办\non: { kind: request, stage: reopened, type_code: [R03*] }\n"
    "group: [estate_code]\ncount: { at_least: 1, within: 7d }\n"
    "open: { type_code: same, say: \"{count}件\" }\n";
static const char outage[] =
    "trigger: outage\nname: 停供\non: { observation: outage, cause: urgent }\n"
    "group: [community_code]\ncount: { at_least: 1, within: 1d }\n"
    "open: { place: same, say: \"{count}件\" }\n";
static const char silent[] =
    "trigger: silent\nname: 静默\ngroup: [station]\nsilence: { cadences: 3 }\n"
    "open: { say: \"{station}\" }\n";

static inline void put(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.yaml", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline struct listeners *listen(struct diagnostics *diagnostics)
{
    triggers = triggers_load(folder, rules.kinds, &bundle.district, diagnostics);
    return triggers ? listeners_new(triggers, rules.kinds, rules.codes, diagnostics) : NULL;
}

static inline int load_all(void **state)
{
    if (load(state) != 0 || !mkdtemp(folder))
        return -1;
    put("cluster", cluster);
    put("again", again);
    put("outage", outage);
    put("silent", silent);
    struct diagnostics *diagnostics = diagnostics_new();
    listeners_free(bundle.listeners);
    triggers_free(bundle.triggers);
    bundle.listeners = listen(diagnostics);
    bundle.triggers = triggers;
    rules.signal_partitions = 12;
    diagnostics_free(diagnostics);
    arena_init(&arena, 65536);
    return bundle.listeners ? 0 : -1;
}

static inline int drop(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
    (void)stat;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline int unload_all(void **state)
{
    arena_fini(&arena);
    nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
    return unload(state);
}

/* The nth fact that was written, from 0. */
static inline struct signal fact(size_t n)
{
    struct signal read = {0};
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream == STREAM_SIGNALS && n-- == 0)
            assert_true(signal_read(&read, span_of(kept[i].key), span_of(kept[i].value), &arena));
    assert_true(read.group.len > 0);
    return read;
}

static inline size_t facts(void)
{
    return count(STREAM_SIGNALS, "2|f|");
}

static inline size_t count_taken_back(void)
{
    size_t n = 0;
    for (size_t i = 0; i < kept_count; i++) {
        struct signal said;
        arena_reset(&arena);
        n += kept[i].stream == STREAM_SIGNALS &&
             signal_read(&said, span_of(kept[i].key), span_of(kept[i].value), &arena) &&
             said.kind == SIGNAL_FACT && !said.counts;
    }
    return n;
}

static const char estate_1[] = "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\","
                               "\"street_code\":\"110105001\",\"estate_code\":\"E1\",\"caller_"
                               "ref\":\"c1\",\"flags\":\"again\"}";
static const char estate_2[] =
    "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\","
    "\"street_code\":\"110105001\",\"estate_code\":\"E2\",\"caller_ref\":\"c1\"}";

static inline struct told opened(const char *data)
{
    struct told told = order;
    told.data = data;
    return told;
}
