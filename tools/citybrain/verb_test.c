/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain test: the golden cases of a configuration, by the code the daemons run, as TAP. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "citybrain/bundle.h"
#include "citybrain/golden_case.h"
#include "citybrain/golden_find.h"
#include "citybrain/route_case.h"
#include "citybrain/verb.h"

#define PATH_BYTES 1024

static const char test_help[] =
    "usage: citybrain test [FOLDER…] [--config DIR] [--update] [--json]\n\n"
    "Runs golden cases: an input beside what has to come of it, by the code the daemons run; no\n"
    "broker, no database, a clock that the case moves. Default: all cases of DIR/feeds/cases,\n"
    "DIR/rules/cases and DIR/triggers/cases (DIR is config). FOLDER is one case, or any folder "
    "above\n"
    "some: every folder below it with an input.<ext> is a case. A new folder is a new case.\n\n"
    "  feeds/cases/hotline_csv/night_shift/   named after its feed\n"
    "      input.csv        as a sender would send it\n"
    "      expected.jsonl   {\"event\": {\"type\": …, \"subject\": …, \"time\": …, \"data\": "
    "{…}}}\n"
    "                       {\"reject\": {\"reason\": …, \"row\": …, \"pointer\": …}}\n"
    "      case.yaml        may be left out: received: 2026-03-31T23:33:20Z when it arrives (this "
    "is\n"
    "                       the default), unit: for feed status who publishes, charset: of this "
    "upload\n"
    "  rules/cases/heating_in_winter/\n"
    "      input.yaml       orders: [{ opened_at: …, type_code: …, community_code: … }]\n"
    "      or input.jsonl   a life: events and ticks, one a line\n"
    "      expected.jsonl   {\"event\": {\"stage\": \"dispatched\", \"lead\": …, \"rule\": …, "
    "\"orders\": […]}}\n"
    "  triggers/cases/cluster/three_in_a_week/   named after its trigger\n"
    "      input.jsonl, expected.jsonl   as above; what it opens, nothing else\n"
    "  The README.md of each of the three folders tells the form.\n\n"
    "Of an expected line only the members listed are compared, but a data object or a list whole.\n"
    "Prints TAP; what differs follows as # lines: - is what was expected, + what came.\n\n"
    "  --update       writes expected.jsonl anew where it differs, and warns where nothing but\n"
    "                 rejects comes, or nothing fires. Look at the difference first: afterwards\n"
    "                 git diff shows what the case promises now\n"
    "  --json         one JSON object a case instead of TAP\n"
    "  --config DIR   the configuration that is tested\n\n"
    "  citybrain test config/feeds/cases/hotline_csv\n"
    "  citybrain test config/rules/cases --json\n"
    "exit: 0 all as written, 1 some are not, 64 usage, 69 no case there, 78 configuration\n";

enum { MOST_ROOTS = 3 };
static const char *const roots_of_config[MOST_ROOTS] = {"feeds/cases", "rules/cases",
                                                        "triggers/cases"};

struct test {
    const char *config_dir;
    bool update, json;
    struct golden_folders folders;
    size_t number, failed, updated, differing;
};

static void show_diagnostic(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static void show_json(const char *folder, const struct golden_result *result, const char *verdict)
{
    struct strbuf text;
    strbuf_init(&text, 1024, 8 << 20);
    strbuf_add(&text, SPAN("{\"case\":"));
    strbuf_add_json(&text, span_of(folder));
    strbuf_addf(&text, ",\"verdict\":\"%s\",\"lines\":%zu,\"differences\":%zu,\"why\":", verdict,
                result->lines, result->differences);
    strbuf_add_json(&text, strbuf_span(&result->why));
    strbuf_add_char(&text, '}');
    printf("%.*s\n", SPAN_ARG(strbuf_span(&text)));
    strbuf_fini(&text);
}

static void show_tap(const struct test *test, const char *folder,
                     const struct golden_result *result, bool good, bool updated)
{
    struct span rest = strbuf_span(&result->why);
    printf("%sok %zu - %s%s\n", good ? "" : "not ", test->number, folder,
           updated ? " (updated)" : "");
    while (rest.len > 0) {
        struct span line = span_cut(&rest, '\n');
        printf("#%.*s\n", SPAN_ARG(line));
    }
}

struct runners {
    struct golden_runner feeds;
    struct route_runner routes;
};

/* <root>/rules/cases/<case>, <root>/triggers/cases/<trigger>/<case>; elsewhere a folder of
 * somebody's own: below one named after a feed it is the feed's case, and orders are for the rules.
 */
static void run_one(struct runners *runners, const char *folder, struct golden_result *result)
{
    char before[4][64] = {""}, input[PATH_BYTES]; /* the folders' names, newest first */
    struct span path = span_of(folder);
    while (path.at) {
        struct span part = span_cut(&path, '/');
        if (part.len == 0 || span_is(part, "."))
            continue;
        memmove(before[1], before[0], 3 * sizeof before[0]);
        span_to_cstr(part, before[0], sizeof before[0]);
    }
    bool trigger = strcmp(before[2], "cases") == 0 && strcmp(before[3], "triggers") == 0;
    bool rule = strcmp(before[1], "cases") == 0 && strcmp(before[2], "rules") == 0;
    bool feed = strcmp(before[2], "cases") == 0 && strcmp(before[3], "feeds") == 0;
    snprintf(input, sizeof input, "%s/input.yaml", folder);
    if (!trigger && !feed)
        rule |= access(input, F_OK) == 0;
    if (trigger || rule)
        route_case_run(&runners->routes, folder, trigger ? before[1] : NULL, result);
    else
        golden_case_run(&runners->feeds, folder, result);
}

static void warn_of_nothing(const char *folder)
{
    fprintf(stderr,
            "citybrain test: %s: nothing but rejects comes of it now, or nothing fires; is that "
            "what the case is about?\n",
            folder);
}

static bool run_case(struct test *test, struct runners *runners, const char *folder)
{
    static const char *const verdicts[] = {"as_written", "differs", "unreadable"};
    struct golden_result result;
    struct error error = {0};
    run_one(runners, folder, &result);
    bool update = test->update && result.verdict == GOLDEN_DIFFERS;
    bool updated = update && golden_expected_write(folder, &result, &error);
    bool good = result.verdict == GOLDEN_AS_WRITTEN || updated;
    test->number++;
    test->failed += !good;
    test->differing += result.verdict == GOLDEN_DIFFERS && !test->update;
    test->updated += updated;
    if (test->json)
        show_json(folder, &result, updated ? "updated" : verdicts[result.verdict]);
    else
        show_tap(test, folder, &result, good, updated);
    if (error.kind != ERROR_NONE)
        fprintf(stderr, "citybrain test: %s\n", error.text);
    if (updated && result.nothing)
        warn_of_nothing(folder);
    golden_result_fini(&result);
    return good;
}

static int run_all(struct test *test, const struct bundle *bundle)
{
    struct runners runners;
    golden_runner_init(&runners.feeds, bundle->feeds, bundle->kinds);
    route_runner_init(&runners.routes, &bundle->flow);
    if (!test->json)
        printf("TAP version 13\n1..%zu\n", test->folders.count);
    for (size_t i = 0; i < test->folders.count; i++)
        run_case(test, &runners, test->folders.list[i]);
    golden_runner_fini(&runners.feeds);
    route_runner_fini(&runners.routes);
    fprintf(stderr, "test: %zu case%s, %zu as written", test->number, test->number == 1 ? "" : "s",
            test->number - test->failed - test->updated);
    if (test->updated)
        fprintf(stderr, ", %zu updated", test->updated);
    if (test->failed)
        fprintf(stderr, ", %zu NOT", test->failed);
    fputc('\n', stderr);
    if (test->differing)
        fprintf(stderr, "citybrain test: where what came is right, --update writes it into "
                        "expected.jsonl\n");
    return test->failed ? VERB_FAILED : VERB_OK;
}

static int run_configured(struct test *test)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct bundle bundle;
    bool loaded = bundle_load(&bundle, test->config_dir, diagnostics);
    diagnostics_each(diagnostics, show_diagnostic, stderr);
    int status = loaded ? run_all(test, &bundle) : VERB_CONFIG;
    bundle_fini(&bundle);
    diagnostics_free(diagnostics);
    return status;
}

static bool find_below(struct test *test, const char *root)
{
    size_t before = test->folders.count;
    bool there = golden_find(&test->folders, root);
    if (there && test->folders.count > before)
        return true;
    fprintf(stderr, "citybrain test: %s: %s\n", root,
            there ? "no folder with an input.<ext> is there" : "no such folder");
    return false;
}

/* Without a folder: all of the configuration; it may lack some sort of cases, but not every one. */
static bool find_cases(struct test *test, char **roots, int count)
{
    for (int i = 0; i < count; i++)
        if (!find_below(test, roots[i]))
            return false;
    for (size_t i = 0; count == 0 && i < MOST_ROOTS; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", test->config_dir, roots_of_config[i]);
        golden_find(&test->folders, path);
    }
    if (test->folders.count == 0)
        fprintf(stderr,
                "citybrain test: %s: no feeds/cases, rules/cases or triggers/cases with a "
                "case in it\n",
                test->config_dir);
    return test->folders.count > 0;
}

/* A folder that is a configuration is tested as one; true: it is. */
static bool take_config(struct test *test, char **roots, int count)
{
    for (size_t i = 0; count == 1 && !test->config_dir && i < MOST_ROOTS; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", roots[0], roots_of_config[i]);
        if (access(path, F_OK) == 0)
            test->config_dir = roots[0];
    }
    bool taken = count == 1 && test->config_dir == roots[0];
    if (!test->config_dir)
        test->config_dir = verb_config_dir();
    return taken;
}

static const struct option options[] = {
    {"config", 1, 0, 'c'}, {"update", 0, 0, 'u'}, {"json", 0, 0, 'j'}, {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    struct test test = {0};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'c': test.config_dir = optarg; break;
        case 'u': test.update = true; break;
        case 'j': test.json = true; break;
        default: return verb_bad_option("test", argv);
        }
    }
    bool whole = take_config(&test, argv + optind, argc - optind);
    bool found = find_cases(&test, argv + optind, whole ? 0 : argc - optind);
    int status = found ? run_configured(&test) : VERB_UNAVAILABLE;
    golden_folders_fini(&test.folders);
    return status;
}

const struct verb verb_test = {
    "test", "golden cases of feeds, rules and triggers, as TAP", test_help, run, options, NULL};
