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
#include "citybrain/verb.h"

#define PATH_BYTES 1024

static const char test_help[] =
    "usage: citybrain test [FOLDER…] [--config DIR] [--update] [--json]\n\n"
    "Runs golden cases: an input as a sender would send it, beside what has to come of it. "
    "Default:\n"
    "all cases of DIR/feeds/cases (DIR is config). FOLDER is one case, or any folder above some:\n"
    "every folder below it with an input.<ext> is a case, and the folder above that is named "
    "after\n"
    "its feed. A new folder is a new case.\n\n"
    "  mycases/hotline_csv/night_shift/input.csv       bytes in the feed's charset\n"
    "  mycases/hotline_csv/night_shift/expected.jsonl  one line an output, in order:\n"
    "      {\"event\": {\"type\": …, \"subject\": …, \"time\": …, \"data\": {…}}}\n"
    "      {\"reject\": {\"reason\": …, \"row\": …, \"pointer\": …}}\n"
    "      Only the members listed are compared, but data is compared whole.\n"
    "  mycases/hotline_csv/night_shift/case.yaml       may be left out:\n"
    "      received: 2026-03-31T23:33:20Z   when it arrives (this is the default)\n"
    "      unit: s110105001                 for feed status: who publishes\n"
    "      charset: gb18030                 of this upload, where it is not the feed's\n\n"
    "Prints TAP; what differs follows as # lines: - is what was expected, + what came.\n\n"
    "  --update       writes expected.jsonl anew where it differs. Look at the difference first:\n"
    "                 afterwards git diff shows what the case promises now\n"
    "  --json         one JSON object a case instead of TAP\n"
    "  --config DIR   the configuration whose feeds are tested\n\n"
    "  citybrain test config/feeds/cases/hotline_csv\n"
    "exit: 0 all as written, 1 some are not, 64 usage, 69 no case there, 78 configuration\n";

struct test {
    const char *config_dir;
    bool update, json;
    struct golden_folders folders;
    size_t number, failed, updated;
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

static bool run_case(struct test *test, struct golden_runner *runner, const char *folder)
{
    static const char *const verdicts[] = {"as_written", "differs", "unreadable"};
    struct golden_result result;
    struct error error = {0};
    golden_case_run(runner, folder, &result);
    bool update = test->update && result.verdict == GOLDEN_DIFFERS;
    bool updated = update && golden_case_update(folder, &result, &error);
    bool good = result.verdict == GOLDEN_AS_WRITTEN || updated;
    test->number++;
    test->failed += !good;
    test->updated += updated;
    if (test->json)
        show_json(folder, &result, updated ? "updated" : verdicts[result.verdict]);
    else
        show_tap(test, folder, &result, good, updated);
    if (error.kind != ERROR_NONE)
        fprintf(stderr, "citybrain test: %s\n", error.text);
    golden_result_fini(&result);
    return good;
}

static int run_all(struct test *test, const struct bundle *bundle)
{
    struct golden_runner runner;
    golden_runner_init(&runner, bundle->feeds, bundle->kinds);
    if (!test->json)
        printf("TAP version 13\n1..%zu\n", test->folders.count);
    for (size_t i = 0; i < test->folders.count; i++)
        run_case(test, &runner, test->folders.list[i]);
    golden_runner_fini(&runner);
    fprintf(stderr, "test: %zu case%s, %zu as written", test->number, test->number == 1 ? "" : "s",
            test->number - test->failed - test->updated);
    if (test->updated)
        fprintf(stderr, ", %zu updated", test->updated);
    if (test->failed)
        fprintf(stderr, ", %zu NOT", test->failed);
    fputc('\n', stderr);
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

static bool find_cases(struct test *test, char **roots, int count)
{
    char path[PATH_BYTES];
    char *standard[] = {path};
    snprintf(path, sizeof path, "%s/feeds/cases", test->config_dir);
    if (count == 0) {
        roots = standard;
        count = 1;
    }
    for (int i = 0; i < count; i++) {
        size_t before = test->folders.count;
        bool there = golden_find(&test->folders, roots[i]);
        if (there && test->folders.count > before)
            continue;
        fprintf(stderr, "citybrain test: %s: %s\n", roots[i],
                there ? "no folder with an input.<ext> is there" : "no such folder");
        return false;
    }
    return true;
}

/* A folder that is a configuration is tested as one. */
static void take_config(struct test *test, char **roots, int count)
{
    char path[PATH_BYTES];
    if (count != 1 || test->config_dir)
        return;
    snprintf(path, sizeof path, "%s/feeds/cases", roots[0]);
    if (access(path, F_OK) == 0)
        test->config_dir = roots[0];
}

static int run(int argc, char **argv)
{
    static const struct option names[] = {
        {"config", 1, 0, 'c'}, {"update", 0, 0, 'u'}, {"json", 0, 0, 'j'}, {0, 0, 0, 0}};
    struct test test = {0};
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 'c': test.config_dir = optarg; break;
        case 'u': test.update = true; break;
        case 'j': test.json = true; break;
        default: return verb_bad_option("test", argv);
        }
    }
    take_config(&test, argv + optind, argc - optind);
    if (!test.config_dir)
        test.config_dir = "config";
    int status =
        find_cases(&test, argv + optind, argc - optind) ? run_configured(&test) : VERB_UNAVAILABLE;
    golden_folders_fini(&test.folders);
    return status;
}

const struct verb verb_test = {"test", "golden cases of the feeds, as TAP", test_help, run};
