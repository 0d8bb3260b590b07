/* SPDX-License-Identifier: Apache-2.0 */
/* Simulation of the router's pure core. Without arguments: the lives that once broke a law
 * (tests/sim/seeds.txt) and some hundred random ones, as cmocka prints it.
 * usage: sim [--seeds N] [--from N] [--least N] | --show SEED or FILE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <malloc.h>

#include "../support/array_disk.h"
#include "base/base.h"
#include "base/memory.h"
#include "trial.h"

#define FOUND     "tests/sim/seeds.txt"
#define MOST_TEXT (1 << 20)

static struct rule_bundle bundle;
static struct case_flow_rules rules;
static struct cover cover;
static struct trial trial;
static struct life life;

static void print_line(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "%s\n", line);
}

static int load(void)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    bool good = kinds && rule_bundle_load(&bundle, "config", kinds, diagnostics);
    rules = (struct case_flow_rules){.codes = codes,
                                     .kinds = kinds,
                                     .bundle = &bundle,
                                     .max_age_ms = INT64_C(30) * 86400000,
                                     .timers = {INT64_C(7) * 86400000, INT64_C(400) * 86400000,
                                                INT64_C(15) * 60000, INT64_C(90) * 86400000},
                                     .signal_partitions = WORLD_PARTS,
                                     .store = shelf_store_new(&array_disk, ARRAY_DISK_BOARD)};
    diagnostics_each(diagnostics, print_line, NULL);
    diagnostics_free(diagnostics);
    return good ? 0 : -1;
}

static void print_life(const struct life *one)
{
    struct strbuf text;
    strbuf_init(&text, 4096, MOST_TEXT);
    life_write(&text, one, rules.codes);
    printf("%.*s", SPAN_ARG(strbuf_span(&text)));
    strbuf_fini(&text);
}

static void tell_failure(uint64_t seed)
{
    printf("seed %llu: %s\n", (unsigned long long)seed, trial.laws.why);
    trial_shorten(&trial, &life);
    printf("shortened to %zu steps: %s\n---\n", life.count, trial.laws.why);
    print_life(&life);
    printf("---\n");
    fflush(stdout);
}

static size_t run(uint64_t from, uint64_t count, size_t most_failures)
{
    size_t failed = 0;
    for (uint64_t seed = from; seed < from + count && failed < most_failures; seed++) {
        life_draw(&life, seed, rules.kinds, rules.codes);
        if (trial_hold(&trial, &life))
            continue;
        failed++;
        tell_failure(seed);
    }
    return failed;
}

/* ---- lives that are kept ---- */

/* "== a word about it", then its lines. */
static size_t run_found(void)
{
    char *text = xmalloc(MOST_TEXT), bad[128];
    FILE *file = fopen(FOUND, "r");
    size_t len = file ? fread(text, 1, MOST_TEXT, file) : 0, failed = 0;
    struct span rest = span_from(text, len);
    if (file)
        fclose(file);
    const char *first = memmem(text, len, "\n== ", 4); /* behind what the file says of itself */
    rest = first ? span_from(first + 2, (size_t)(text + len - first) - 2) : SPAN_NONE;
    while (rest.len) {
        const char *end = memmem(rest.at, rest.len, "\n== ", 4);
        struct span one = span_from(rest.at, end ? (size_t)(end - rest.at) : rest.len);
        rest = end ? span_from(end + 2, (size_t)(rest.at + rest.len - end) - 2) : SPAN_NONE;
        struct span name = span_cut(&one, '\n');
        name = span_trim(span_from(name.at + 1, name.len - 1));
        printf("[ RUN      ] %.*s\n", SPAN_ARG(name));
        life = (struct life){.batch = 1};
        bool good = life_read(&life, one, rules.kinds, rules.codes, bad);
        if (!good)
            printf("not a word of a life: %s\n", bad);
        good = good && trial_hold(&trial, &life);
        if (!good && trial.laws.why[0])
            printf("%s\n", trial.laws.why);
        printf(good ? "[       OK ] %.*s\n" : "[  FAILED  ] %.*s\n", SPAN_ARG(name));
        failed += !good;
    }
    free(text);
    return failed;
}

static int check(void)
{
    enum { SOME = 400 };
    size_t failed = run_found();
    printf("[ RUN      ] %d_random_lives\n", SOME);
    bool good = run(1, SOME, 1) == 0;
    printf(good ? "[       OK ] %d_random_lives\n" : "[  FAILED  ] %d_random_lives\n", SOME);
    return failed || !good ? 1 : 0;
}

/* ---- a long run ---- */

static int simulate(uint64_t from, uint64_t seeds, uint32_t least)
{
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    size_t failed = run(from, seeds, 5);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    double seconds =
        (double)(ended.tv_sec - began.tv_sec) + 1e-9 * (double)(ended.tv_nsec - began.tv_nsec);
    size_t seldom = cover_report(&cover, &trial.rough, rules.kinds, rules.codes, least);
    printf("%llu seeds from %llu in %.1f s (%.0f/s), %zu broke a law", (unsigned long long)seeds,
           (unsigned long long)from, seconds, (double)seeds / seconds, failed);
    printf("; %zu cells under %u (!); %lld sets came from the disk\n", seldom, least,
           (long long)shelf_store_counts(rules.store).reads);
    return failed || seldom ? 1 : 0;
}

static void show_world(const char *name, const struct world *world)
{
    printf("--- %s\n", name);
    for (int i = 0; i < WORLD_ALL; i++)
        for (size_t n = 0; n < world->parts[i].input.count; n++)
            printf("%s/%d %.*s\n", i < WORLD_PARTS ? "events" : "signals", i % WORLD_PARTS,
                   SPAN_ARG(world->parts[i].input.at[n].value));
    for (size_t i = 0; i < world->written.count; i++)
        if (world->written.at[i].stream != STREAM_EVENTS)
            printf("%d.%.*s %.*s\n", world->written.at[i].stream,
                   SPAN_ARG(world->written.at[i].suffix), SPAN_ARG(world->written.at[i].value));
}

/* A life of a seed or, from a file, of its own; and what the router made of it. */
static void show(const char *which)
{
    char *text = xmalloc(MOST_TEXT), bad[128];
    FILE *file = fopen(which, "r");
    size_t len = file ? fread(text, 1, MOST_TEXT, file) : 0;
    if (file)
        fclose(file);
    life = (struct life){.batch = 1};
    if (!file)
        life_draw(&life, strtoull(which, NULL, 10), rules.kinds, rules.codes);
    else if (!life_read(&life, span_from(text, len), rules.kinds, rules.codes, bad))
        printf("not a word of a life: %s\n", bad);
    free(text);
    print_life(&life);
    bool good = trial_hold(&trial, &life);
    show_world("without faults", &trial.calm);
    show_world("with them", &trial.rough);
    printf("%s\n", good ? "every law holds" : trial.laws.why);
}

static uint64_t number(int argc, char **argv, const char *name, uint64_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtoull(argv[i + 1], NULL, 10);
    return otherwise;
}

int main(int argc, char **argv)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 30); /* cores come and go by the thousand */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    uint64_t seeds = number(argc, argv, "--seeds", 0);
    const char *shown = argc == 3 && strcmp(argv[1], "--show") == 0 ? argv[2] : NULL;
    int status;
    if (load() != 0)
        return 78;
    trial_init(&trial, &rules, &cover);
    if (shown) {
        show(shown);
        status = 0;
    } else if (seeds) {
        uint32_t least = (uint32_t)number(argc, argv, "--least", seeds >= 100000 ? 100 : 0);
        status = simulate(number(argc, argv, "--from", 1), seeds, least);
    } else {
        status = check();
    }
    trial_fini(&trial);
    rule_bundle_fini(&bundle);
    kinds_free((struct kinds *)(uintptr_t)rules.kinds);
    codes_free((struct codes *)(uintptr_t)rules.codes);
    return status;
}
