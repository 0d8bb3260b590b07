/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory the router's cases take, and how long they take to come back: ninety days of a
 * district's usual lives through the real flow, saved as state.cases would hold them and restored
 * in a fresh process; then a hundred thousand open cases of twelve lines, the contract's bound.
 * Sets beyond 8 MiB go to a file, as the daemon's do.
 *
 * usage: case_set_fill [DAYS [CASES_A_DAY [OPEN_CASES]]]      from the checkout's root
 * Prints a table and writes $BENCH_OUT (default build/bench)/case_set_fill.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "model/case_set.h"
#include "model/event.h"
#include "model/ids.h"
#include "router/core/case_flow.h"
#include "router/core/case_pack.h"
#include "router/core/emit.h"

#define FIRST_DAY 1756656000000LL /* 2025-09-01T00:00+08:00 */
#define MINUTE    60000LL
#define HOUR      (60 * MINUTE)
#define DAY       (24 * HOUR)
#define IN_MEMORY ((size_t)8 << 20) /* of the sets, as router.sets_in_memory */

enum {
    LIFE_DAYS = 6,   /* from the call to the file */
    STAYS_OPEN = 20, /* one of so many is never resolved */
    IS_LONG = 100,   /* one of so many has a long life */
    LONG_LINES = 16, /* more than a usual one */
    OPEN_LINES = 12,
    PLACES = 400,
};

struct saved { /* the newest record of one key of state.cases */
    char *key, *value;
    size_t len;
    UT_hash_handle hh;
};

struct fill {
    struct case_flow *flow;
    struct saved *saved;
    struct strbuf event;
    char unit[64]; /* of the order just written */
    char places[PLACES][16];
    size_t place_count;
};

struct measured {
    double cases, lines, bytes, resident_mib, restore_seconds;
};

static struct rule_bundle bundle;
static int64_t stub_after; /* ms; 0 = never */
static struct case_flow_rules rules;

static void load_bundle(void)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    if (!kinds || !rule_bundle_load(&bundle, "config", kinds, diagnostics))
        exit(78);
    rules = (struct case_flow_rules){
        .codes = codes,
        .kinds = kinds,
        .bundle = &bundle,
        .max_age_ms = 30 * DAY,
        .timers = {.stub_after_ms = stub_after, .forget_after_ms = 400 * DAY}};
    diagnostics_free(diagnostics);
}

static void keep(void *carrier, const struct output *output)
{
    struct fill *fill = carrier;
    if (output->stream == STREAM_DISPATCH)
        span_to_cstr(output->suffix, fill->unit, sizeof fill->unit);
    if (output->stream != STREAM_STATE_CASES)
        return;
    struct saved *saved;
    HASH_FIND(hh, fill->saved, output->key.at, output->key.len, saved);
    if (saved && !output->value.at) {
        HASH_DEL(fill->saved, saved);
        free(saved->key);
        free(saved->value);
        free(saved);
        return;
    }
    if (!saved) {
        saved = xcalloc(1, sizeof *saved);
        saved->key = xspandup(output->key);
        HASH_ADD_KEYPTR(hh, fill->saved, saved->key, output->key.len, saved);
    }
    free(saved->value);
    saved->value = xspandup(output->value);
    saved->len = output->value.len;
}

static void pass(struct fill *fill)
{
    struct outputs outputs = {keep, fill};
    struct record record = {.topic = SPAN("cb.events"), .value = strbuf_span(&fill->event)};
    while (case_flow_on_record(fill->flow, &record, &outputs) == TRANSFORM_AGAIN)
        case_flow_save(fill->flow, &outputs);
}

static void tick(struct fill *fill, int64_t t_ms)
{
    strbuf_reset(&fill->event);
    event_write_tick(&fill->event, t_ms, 0);
    pass(fill);
}

static void tell(struct fill *fill, int number, const char *stage, const char *party,
                 const char *unit, int64_t time_ms, const char *data)
{
    char id[DIGEST_ID_LEN + 1], revision[REVISION_LEN + 1], text[32], subject[48], moment[24];
    snprintf(text, sizeof text, "20250901%06d", number);
    snprintf(subject, sizeof subject, "request:12345:%s", text);
    snprintf(moment, sizeof moment, "%lld", (long long)time_ms);
    ids_event(id, SPAN("request:12345"), span_of(text), span_of(stage),
              (const struct span[]){span_of(moment)}, 1);
    (void)!ids_revision(revision, SPAN_NONE, time_ms + 1500, 1, span_of(id));
    struct event event = {
        .family = EVENT_CASE,
        .name = span_of(stage),
        .id = span_of(id),
        .source = SPAN("/feeds/hotline"),
        .subject = span_of(subject),
        .time_ms = time_ms,
        .recorded_ms = time_ms + 1500,
        .partitionkey = span_of(subject),
        .feed = SPAN("hotline"),
        .party = span_of(party),
        .unit = unit ? span_of(unit) : SPAN_NONE,
        .revision = span_of(revision),
        .data_json = span_of(data),
    };
    strbuf_reset(&fill->event);
    event_write(&fill->event, &event);
    pass(fill);
}

static void load_places(struct fill *fill)
{
    char line[256];
    FILE *file = fopen("config/registries/divisions.csv", "r");
    if (!file)
        exit(78);
    while (fill->place_count < PLACES && fgets(line, sizeof line, file)) {
        char *code = strchr(line, ',');
        if (strncmp(line, "community,", 10) != 0 || !code || strlen(code) < 14)
            continue;
        snprintf(fill->places[fill->place_count++], 16, "%.12s", code + 1);
    }
    fclose(file);
    if (!fill->place_count)
        exit(78);
}

static int64_t moment_of(int number, int64_t day_ms, int64_t step)
{
    return day_ms + (number * 2654435761LL % 1000) * (10 * HOUR / 1000) + 8 * HOUR + step;
}

static void open_case(struct fill *fill, int number, int64_t day_ms)
{
    char data[256];
    static const char *const types[] = {"R0105", "R0303", "R1107", "R0502", "R0101"};
    snprintf(data, sizeof data,
             "{\"request_kind\":\"complaint\",\"type_code\":\"%s\",\"community_code\":\"%s\"}",
             types[number % 5], fill->places[(size_t)(number * 7) % fill->place_count]);
    int64_t at = moment_of(number, day_ms, 0);
    tell(fill, number, "opened", "source", NULL, at, data);
    tell(fill, number, "signed", "lead", fill->unit, at + 20 * MINUTE, "{}");
    tell(fill, number, "contacted", "lead", fill->unit, at + 5 * HOUR, "{}");
}

static void lengthen(struct fill *fill, int number, int64_t day_ms, int lines)
{
    for (int i = 0; i < lines; i++)
        tell(fill, number, i % 2 ? "supervised" : "extended", "desk", "desk",
             moment_of(number, day_ms, i * MINUTE), "{}");
}

/* Whose order it is: as the rules say, asked of the order itself. */
static void resolve(struct fill *fill, int number, int64_t day_ms)
{
    if (number % STAYS_OPEN == 0)
        return;
    if (number % IS_LONG == 1)
        lengthen(fill, number, day_ms - DAY, LONG_LINES);
    tell(fill, number, "resolved", "source", NULL, moment_of(number, day_ms, 0), "{}");
}

static void live_a_day(struct fill *fill, int day, int cases)
{
    int64_t day_ms = FIRST_DAY + day * DAY;
    tick(fill, day_ms);
    for (int i = 0; i < cases; i++) {
        open_case(fill, day * cases + i, day_ms);
        if (day >= 3)
            resolve(fill, (day - 3) * cases + i, day_ms);
        int old = (day - 4) * cases + i;
        if (day >= 4 && old % STAYS_OPEN)
            tell(fill, old, "reviewed", "callback", NULL, moment_of(old, day_ms, 0), "{}");
        old = (day - LIFE_DAYS) * cases + i;
        if (day >= LIFE_DAYS && old % STAYS_OPEN)
            tell(fill, old, "closed", "source", NULL, moment_of(old, day_ms, 0), "{}");
    }
    tick(fill, day_ms + DAY - 1);
    case_flow_save(fill->flow, &(struct outputs){keep, fill});
}

static void open_many(struct fill *fill, int cases)
{
    for (int number = 0; number < cases; number++) {
        open_case(fill, number, FIRST_DAY);
        lengthen(fill, number, FIRST_DAY + DAY, OPEN_LINES - 4);
    }
    case_flow_save(fill->flow, &(struct outputs){keep, fill});
}

static double lines_of(const struct saved *saved)
{
    static struct arena arena;
    struct case_set set;
    if (!arena.at)
        arena_init(&arena, 1 << 20);
    arena_reset(&arena);
    if (!case_pack_read(&set, span_from(saved->value, saved->len), &arena))
        exit(70);
    return (double)set.count;
}

static void write_state(const struct fill *fill, FILE *file, struct measured *measured)
{
    struct saved *saved, *next;
    HASH_ITER(hh, fill->saved, saved, next)
    {
        uint32_t sizes[] = {(uint32_t)strlen(saved->key), (uint32_t)saved->len};
        if (fwrite(sizes, sizeof sizes, 1, file) != 1 ||
            fwrite(saved->key, 1, sizes[0], file) != sizes[0] ||
            fwrite(saved->value, 1, sizes[1], file) != sizes[1])
            exit(74);
        if (saved->key[0] == '_')
            continue;
        measured->cases++;
        measured->lines += lines_of(saved);
        measured->bytes += sizes[0] + sizes[1];
    }
    fflush(file);
}

static double resident_mib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*s %ld", &pages) != 1)
        exit(70);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool write_board(void *context, const char *board, uint32_t *number)
{
    static uint32_t count; /* none is used twice: its file is gone with the process */
    *number = count++;
    return pwrite(fileno(context), board, SHELF_BOARD, (off_t)*number * (off_t)SHELF_BOARD) ==
           (ssize_t)SHELF_BOARD;
}

static void read_board(void *context, uint32_t number, size_t from, char *to, size_t len)
{
    off_t offset = (off_t)number * (off_t)SHELF_BOARD + (off_t)from;
    if (pread(fileno(context), to, len, offset) != (ssize_t)len)
        exit(74);
}

static void release(void *context, uint32_t number)
{
    (void)context;
    (void)number;
}

static void spoiled(void *context, uint32_t number)
{
    release(context, number);
    exit(74);
}

static void open_store(void)
{
    struct shelf_disk disk = {.write = write_board,
                              .read = read_board,
                              .release = release,
                              .spoiled = spoiled,
                              .context = tmpfile()};
    if (!disk.context)
        exit(73);
    rules.store = shelf_store_new(&disk, IN_MEMORY);
}

static void restore(FILE *file, struct measured *measured)
{
    static char key[1 << 10], value[64 << 10];
    uint32_t sizes[2];
    struct case_flow *flow = case_flow_open(&rules, 0);
    double before = resident_mib(), began = seconds();
    rewind(file);
    while (fread(sizes, sizeof sizes, 1, file) == 1) {
        if (fread(key, 1, sizes[0], file) != sizes[0] ||
            fread(value, 1, sizes[1], file) != sizes[1])
            exit(74);
        case_flow_restore(flow, span_from(key, sizes[0]), span_from(value, sizes[1]));
    }
    case_flow_restored(flow);
    measured->restore_seconds = seconds() - began;
    measured->resident_mib = resident_mib() - before;
}

/* Each step in a process of its own: what one leaves behind is not another's memory. */
static void in_child(void (*step)(FILE *file, struct measured *measured, const int *how),
                     FILE *file, struct measured *measured, const int *how)
{
    int ends[2], status;
    if (pipe(ends) != 0)
        exit(71);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        load_bundle();
        open_store();
        step(file, measured, how);
        if (write(ends[1], measured, sizeof *measured) != (ssize_t)sizeof *measured)
            _exit(74);
        _exit(0);
    }
    close(ends[1]);
    if (read(ends[0], measured, sizeof *measured) != (ssize_t)sizeof *measured)
        exit(70);
    close(ends[0]);
    waitpid(child, &status, 0);
}

static void fill_step(FILE *file, struct measured *measured, const int *how)
{
    static struct fill fill;
    fill.flow = case_flow_open(&rules, 0);
    strbuf_init(&fill.event, 4096, 64 << 10);
    load_places(&fill);
    for (int day = 0; day < how[0]; day++)
        live_a_day(&fill, day, how[1]);
    if (!how[0])
        open_many(&fill, how[1]);
    write_state(&fill, file, measured);
}

static void restore_step(FILE *file, struct measured *measured, const int *how)
{
    (void)how;
    restore(file, measured);
}

static void measure(struct measured *measured, int days, int cases, int64_t stub_after_ms)
{
    stub_after = stub_after_ms;
    const int how[] = {days, cases};
    FILE *file = tmpfile();
    if (!file)
        exit(73);
    in_child(fill_step, file, measured, how);
    in_child(restore_step, file, measured, how);
    fclose(file);
}

static void show(const char *what, const struct measured *m)
{
    double resident = m->resident_mib * (1 << 20);
    printf("%-26s %8.0f %8.2f %8.1f %8.1f %8.1f %8.1f %8.1f %8.2f\n", what, m->cases,
           m->lines / m->cases, m->bytes / m->lines, m->bytes / m->cases, m->bytes / (1 << 20),
           m->resident_mib, resident / m->cases, m->restore_seconds);
}

static void add_metric(FILE *file, bool first, const char *name, double value, const char *must)
{
    fprintf(file,
            "%s {\"metric\": \"%s\", \"value\": %.3f, \"must\": %s, \"stretch\": null, "
            "\"better\": \"lower\"}",
            first ? "[\n" : ",\n", name, value, must);
}

static void write_json(const struct measured *life, const struct measured *stubs,
                       const struct measured *most)
{
    char path[512];
    const char *folder = getenv("BENCH_OUT");
    folder = folder ? folder : "build/bench";
    (void)mkdir(folder, 0777);
    snprintf(path, sizeof path, "%s/case_set_fill.json", folder);
    FILE *file = fopen(path, "w");
    if (!file) {
        fprintf(stderr, "case_set_fill: cannot write %s; fix: name a folder in BENCH_OUT\n", path);
        exit(73);
    }
    add_metric(file, true, "case_set.bytes_a_line", life->bytes / life->lines, "null");
    add_metric(file, false, "case_set.bytes_a_case", life->bytes / life->cases, "null");
    add_metric(file, false, "router.life_resident_mib", life->resident_mib, "null");
    add_metric(file, false, "router.stubs_resident_mib", stubs->resident_mib, "null");
    add_metric(file, false, "router.stubs_restore_s", stubs->restore_seconds, "null");
    add_metric(file, false, "router.life_restore_s", life->restore_seconds, "null");
    /* the other 32 MiB of the daemon's 128 are the library's and the buffers' */
    add_metric(file, false, "router.open_cases_resident_mib", most->resident_mib, "96");
    add_metric(file, false, "router.open_cases_restore_s", most->restore_seconds, "null");
    fprintf(file, "\n]\n");
    if (fclose(file) != 0)
        exit(74);
}

int main(int argc, char **argv)
{
    int days = argc > 1 ? atoi(argv[1]) : 90, cases = argc > 2 ? atoi(argv[2]) : 3500;
    int open = argc > 3 ? atoi(argv[3]) : 100000;
    struct measured life = {0}, stubs = {0}, most = {0};
    printf("%-26s %8s %8s %8s %8s %8s %8s %8s %8s\n", "", "cases", "lines", "B/line", "B/case",
           "MiB log", "MiB mem", "B mem", "s");
    measure(&life, days, cases, 0);
    show("usual lives, kept whole", &life);
    measure(&stubs, days, cases, 7 * DAY);
    show("closed > 7 d are stubs", &stubs);
    measure(&most, 0, open, 0);
    show("open cases of 12 lines", &most);
    write_json(&life, &stubs, &most);
    return 0;
}
