/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, word lists and registries that stand in files of their own; what is no case's event. */
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

#include "ingest/core/normalise.h"

#define RECEIVED 1772420400000 /* 2026-03-02T03:00:00Z */

static char folder[64];

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void make_folder(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static const char feed[] =
    "feed: j\nversions:\n  - version: 3\n    valid_from: 2026-01-01\n    format: json\n"
    "    zone: Asia/Shanghai\n    namespace: station:x\n    number: no\n"
    "    tables:\n      results: tables/results.csv\n"
    "      types: { file: tables/types.csv, from: 名称, to: 代码 }\n"
    "    words: { again: words/again.txt }\n"
    "    events:\n      - observation: visits\n        time: at\n        data:\n"
    "          result: { from: r, table: results }\n          type: { from: t, table: types }\n"
    "          area: { from: a, registry: divisions, by: [code, name], unknown: nowhere }\n"
    "          street_code: { from: s, registry: divisions, by: [code, name] }\n"
    "          community_code: { from: c, registry: divisions, by: [code, name] }\n"
    "          owner_street_code: { from: o, registry: divisions, unknown: other }\n"
    "          home: { from: h, registry: divisions, by: [code, name], level: district }\n"
    "          flags: { from: text, words: again }\n"
    "      - registry: stations\n        when: { reg: present }\n        time: reg\n";

static int lay_out(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/mapping-files-XXXXXX");
    assert_non_null(mkdtemp(folder));
    make_folder("feeds");
    make_folder("feeds/tables");
    make_folder("feeds/words");
    make_folder("registries");
    put("feeds/j.yaml", feed);
    put("feeds/tables/results.csv",
        "\xEF\xBB\xBF# a comment\r\nfrom,to\r\n\"满意,很\",5\r\n不,1\r\n");
    put("feeds/tables/types.csv", "代码,别的,名称\nR01,x,供热\nR02,y,停水\n");
    put("feeds/words/again.txt", "# how people say it\n又\n再次  # or this\n");
    put("registries/divisions.csv", "code,name,aliases,valid_from,valid_to,level\n"
                                    "110105020,机场街道,110105400;110105401,2023-01-01,,street\n"
                                    "110105001,建外街道,,,,street\n"
                                    "1,重名,,,,street\n2,重名,,,,street\n"
                                    "110105901,机场,机场街道,,,special\n"
                                    "110105902,重名,,,,village\n"
                                    "110105030,东风乡,,,,township\n"
                                    "3,同村,,,,community\n4,同村,,,,village\n5,同村,,,,street\n"
                                    "110105,朝阳区,,,,district\n");
    return 0;
}

static int clear(void **state)
{
    static const char *const names[] = {"feeds/j.yaml",
                                        "feeds/tables/results.csv",
                                        "feeds/tables/types.csv",
                                        "feeds/words/again.txt",
                                        "registries/divisions.csv",
                                        "feeds/tables",
                                        "feeds/words",
                                        "feeds",
                                        "registries",
                                        ""};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    return 0;
}

static struct feeds *load(struct diagnostics *diagnostics)
{
    char path[256];
    snprintf(path, sizeof path, "%s/feeds", folder);
    return feeds_load(path, diagnostics);
}

static bool contains(struct span text, const char *part)
{
    return memmem(text.at, text.len, part, strlen(part)) != NULL;
}

struct bench {
    struct diagnostics *diagnostics;
    struct feeds *feeds;
    struct normalise normalise;
    struct normalise_result result;
};

static void open_bench(struct bench *bench)
{
    bench->diagnostics = diagnostics_new();
    bench->feeds = load(bench->diagnostics);
    assert_non_null(bench->feeds);
    normalise_init(&bench->normalise, bench->feeds, NULL);
}

static void close_bench(struct bench *bench)
{
    normalise_fini(&bench->normalise);
    feeds_free(bench->feeds);
    diagnostics_free(bench->diagnostics);
}

static void take(struct bench *bench, const char *item)
{
    struct raw_header header = {.feed = SPAN("j"), .mapping = 3, .received_ms = RECEIVED};
    arena_reset(&bench->normalise.arena);
    normalise_item(&bench->normalise, &header, span_of(item), &bench->result);
}

static const struct {
    const char *members, *data; /* NULL = refused */
    enum reject reject;
} rows[] = {
    {"\"r\":\"满意,很\"", "{\"result\":\"5\"}", 0},
    {"\"t\":\"停水\"", "{\"type\":\"R02\"}", 0},
    {"\"t\":\"x\"", NULL, REJECT_CODE},
    {"\"text\":\"请再次处理\"", "{\"flags\":\"again\"}", 0},
    {"\"text\":\"how people say it\"", "{}", 0},
    {"\"a\":\"110105001\"", "{\"area\":\"110105001\"}", 0},
    {"\"a\":\"建外街道\"", "{\"area\":\"110105001\"}", 0},
    {"\"a\":\"110105401\"", "{\"area\":\"110105020\"}", 0}, /* an old code */
    {"\"a\":\"重名\"", "{\"area\":\"nowhere\"}", 0},        /* two places: nobody is meant */
    /* A field whose name says the level takes no other: its own first, then a refusal. */
    {"\"s\":\"110105001\"", "{\"street_code\":\"110105001\"}", 0},
    {"\"s\":\"东风乡\"", "{\"street_code\":\"110105030\"}", 0},
    {"\"s\":\"110105901\"", NULL, REJECT_LEVEL},
    {"\"s\":\"110105\"", NULL, REJECT_LEVEL},
    {"\"s\":\"110105555\"", NULL, REJECT_CODE},
    {"\"s\":\"机场街道\"", "{\"street_code\":\"110105020\"}", 0},
    {"\"c\":\"机场街道\"", "{\"community_code\":\"110105901\"}", 0}, /* what they call it too */
    {"\"c\":\"机场\"", "{\"community_code\":\"110105901\"}", 0},
    {"\"c\":\"重名\"", "{\"community_code\":\"110105902\"}", 0},
    {"\"s\":\"重名\"", NULL, REJECT_CODE}, /* two streets: nobody is meant */
    {"\"c\":\"同村\"", NULL, REJECT_CODE},
    {"\"s\":\"同村\"", "{\"street_code\":\"5\"}", 0},
    {"\"c\":\"110105001\"", NULL, REJECT_LEVEL},
    {"\"o\":\"110105020\"", "{\"owner_street_code\":\"110105020\"}", 0},
    {"\"o\":\"110105901\"", "{\"owner_street_code\":\"other\"}", 0},
    {"\"h\":\"朝阳区\"", "{\"home\":\"110105\"}", 0},
    {"\"h\":\"建外街道\"", NULL, REJECT_LEVEL},
};

static void what_stands_in_a_file_is_read_as_if_it_stood_here(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char item[256], wanted[256];
        snprintf(item, sizeof item, "{\"no\":\"1\",\"at\":\"2026-03-02 09:15:00\",%s}",
                 rows[i].members);
        take(&bench, item);
        assert_int_equal(bench.result.why.reject, rows[i].reject);
        snprintf(wanted, sizeof wanted, "\"data\":%s}", rows[i].data ? rows[i].data : "");
        if (rows[i].data && !contains(bench.result.events[0].json, wanted))
            fail_msg("%s: %.*s", item, SPAN_ARG(bench.result.events[0].json));
    }
    close_bench(&bench);
}

static void an_observation_is_of_its_day_and_a_registry_row_has_its_key(void **state)
{
    (void)state;
    struct bench bench;
    char ids[3][32];
    static const char *const times[] = {"2026-03-01 23:59:59", "2026-03-02 00:00:00",
                                        "2026-03-02 09:00:00"};
    open_bench(&bench);
    for (size_t i = 0; i < 3; i++) {
        char item[128];
        snprintf(item, sizeof item, "{\"no\":\"7\",\"at\":\"%s\"}", times[i]);
        take(&bench, item);
        assert_int_equal(bench.result.count, 1);
        struct span json = bench.result.events[0].json;
        assert_true(contains(json, "cn.citybrain.observation.visits.v1"));
        assert_null(bench.result.events[0].registry_key.at);
        const char *id = memmem(json.at, json.len, "\"id\":\"", 6);
        span_to_cstr(span_from(id + 6, 22), ids[i], sizeof ids[i]);
    }
    assert_string_not_equal(ids[0], ids[1]);
    assert_string_equal(ids[1], ids[2]); /* a correction of the same day */
    take(&bench, "{\"no\":\"7\",\"at\":\"2026-03-02 09:00:00\",\"reg\":\"2026-02-01 00:00:00\"}");
    assert_int_equal(bench.result.count, 2);
    assert_true(contains(bench.result.events[1].json, "cn.citybrain.registry.stations.v1"));
    assert_true(span_is(bench.result.events[1].registry_key, "stations/7/2026-02-01"));
    close_bench(&bench);
}

#define ONE_FIELD(words)                                                                           \
    "feed: j\nversions:\n  - version: 3\n    valid_from: 2026-01-01\n    format: json\n"           \
    "    zone: Asia/Shanghai\n    namespace: station:x\n    number: no\n"                          \
    "    events:\n      - observation: visits\n        time: at\n        data:\n"                  \
    "          one: { from: r, " words " }\n"

static const struct {
    const char *file, *text, *error;
} wrong[] = {
    {"feeds/tables/results.csv", "from,to\na,1\na,2\n", "two answers for \"a\""},
    {"feeds/tables/results.csv", "from,to\na\n",
     "results.csv:2:2: error: a row without from or to"},
    {"feeds/tables/results.csv", "from,to\n\"a,1\n", "results.csv:2:1: error: a quote that"},
    {"feeds/tables/results.csv", "from,to\n市容,\n",
     "results.csv:2:4: error: a row without from or to"},
    {"feeds/tables/results.csv", "", "results.csv:1:1: error: the file is empty"},
    {"feeds/tables/types.csv", "名称,code\n", "types.csv:1:1: error: no column 代码"},
    {"registries/divisions.csv", "code,nam\n",
     "registries/divisions.csv has no column name; fix: nam"},
    {"feeds/words/again.txt", "a\n", "again.txt:1:1: error: \"a\" is no word"},
    {"feeds/j.yaml", ONE_FIELD("registry: divisions, level: comunity"),
     "level: unknown word comunity; fix: community"},
    {"feeds/j.yaml", ONE_FIELD("level: street"), "level: goes with a registry"},
    {"feeds/j.yaml", ONE_FIELD("registry: ../feeds/tables/results, by: from, level: street"),
     "level: goes with the divisions; fix: registry: divisions"},
};

static void find_line(void *context, const char *line)
{
    const char **wanted = context;
    if (*wanted && strstr(line, *wanted))
        *wanted = NULL;
}

static void a_fault_in_a_file_is_named_where_it_stands(void **state)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct diagnostics *diagnostics = diagnostics_new();
        const char *wanted = wrong[i].error;
        put(wrong[i].file, wrong[i].text);
        assert_null(load(diagnostics));
        diagnostics_each(diagnostics, find_line, &wanted);
        if (wanted)
            fail_msg("not found: %s", wanted);
        diagnostics_free(diagnostics);
        clear(state);
        lay_out(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_in_a_file_is_read_as_if_it_stood_here),
        cmocka_unit_test(an_observation_is_of_its_day_and_a_registry_row_has_its_key),
        cmocka_unit_test(a_fault_in_a_file_is_named_where_it_stands),
    };
    return cmocka_run_group_tests(tests, lay_out, clear);
}
