/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain mapping: versions of a feed's mapping. */
#include <stdio.h>
#include <string.h>

#include "citybrain/mapping_copy.h"
#include "citybrain/moment.h"
#include "citybrain/verb.h"

static const char mapping_help[] =
    "usage: citybrain mapping copy FEED [--of VERSION] [--since TIME] [--config DIR] [--json]\n\n"
    "把映射的一版复制为新的一版,供修改。\n"
    "Writes a new version into DIR/feeds/FEED.yaml behind the last one: the next number, in force\n"
    "from now on, the rest copied from the newest. What is wrong is then mended in the new one; "
    "the\n"
    "old stays as it is, because records of its days are read by it. Says which lines to edit and\n"
    "what comes next. Nothing is written that ingest would refuse.\n\n"
    "  --of VERSION   copy this one (the one before the fault: its newer is left out)\n"
    "  --since TIME   in force from then on: a day (2026-03-02), a time\n"
    "                 (2026-03-02T18:00:00+08:00), or how long ago (2h); default now\n"
    "  --config DIR   default $CITYBRAIN_CONFIG or config\n"
    "  --json         file, version, of, lines and shared files as one object\n\n"
    "  citybrain mapping copy hotline\n"
    "  citybrain mapping copy hotline --of 1\n"
    "A mapping was wrong for a while: docs/runbooks/mapping-fault.md\n"
    "exit: 0 written, 64 usage, 78 there is no such feed or version, or the file is wrong\n";

struct wish {
    const char *feed, *config_dir;
    struct mapping_copy copy;
    bool json;
};

static void show_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static void show_json(const struct wish *wish)
{
    const struct mapping_copy *copy = &wish->copy;
    struct strbuf out;
    strbuf_init(&out, 512, 16384);
    strbuf_add(&out, SPAN("{\"file\":"));
    strbuf_add_json(&out, span_of(copy->file));
    strbuf_addf(&out,
                ",\"version\":%lld,\"of\":%lld,\"first_line\":%d,\"last_line\":%d,\"shared\":",
                (long long)copy->version, (long long)copy->of, copy->line, copy->last_line);
    strbuf_add_json(&out, strbuf_span(&copy->tables));
    printf("%.*s}\n", SPAN_ARG(strbuf_span(&out)));
    strbuf_fini(&out);
}

static void show(const struct wish *wish)
{
    const struct mapping_copy *copy = &wish->copy;
    char time[40];
    struct strbuf when = {.at = time, .capacity = sizeof time, .max = sizeof time - 1};
    moment_add(&when, copy->valid_from_ms);
    printf("%s:%d: 第 %lld 版 version %lld, 复制自第 %lld 版 a copy of %lld, 自 from %.*s\n",
           copy->file, copy->line, (long long)copy->version, (long long)copy->version,
           (long long)copy->of, (long long)copy->of, SPAN_ARG(strbuf_span(&when)));
    printf("  修改 edit   lines %d to %d, and no others\n", copy->line, copy->last_line);
    if (copy->tables.len)
        printf("  注意 mind   第 %lld 版也用 version %lld reads too: %.*s. 先复制成新文件再改 "
               "change a copy of "
               "it, and name that here\n",
               (long long)copy->of, (long long)copy->of, SPAN_ARG(strbuf_span(&copy->tables)));
    printf("  然后 then   citybrain check && citybrain test %s/feeds/cases/%s; restart ingest; "
           "拒收的重放 refused: citybrain dead redrive; 读错的重算 misread: citybrain replay\n",
           wish->config_dir, wish->feed);
}

static int copy_version(struct wish *wish)
{
    char file[1024];
    struct diagnostics *diagnostics = diagnostics_new();
    snprintf(file, sizeof file, "%.800s/feeds/%.100s.yaml", wish->config_dir, wish->feed);
    wish->copy.file = file;
    bool written = mapping_copy_write(&wish->copy, diagnostics);
    diagnostics_each(diagnostics, show_line, stderr);
    if (written && wish->json)
        show_json(wish);
    else if (written)
        show(wish);
    strbuf_fini(&wish->copy.tables);
    diagnostics_free(diagnostics);
    return written ? VERB_OK : VERB_CONFIG;
}

static const struct option options[] = {{"of", 1, 0, 'o'},
                                        {"since", 1, 0, 's'},
                                        {"config", 1, 0, 'c'},
                                        {"json", 0, 0, 'j'},
                                        {0, 0, 0, 0}};

static int read_option(struct wish *wish, int c, char **argv)
{
    switch (c) {
    case 'o':
        return span_to_int64(span_of(optarg), &wish->copy.of) && wish->copy.of > 0
                   ? VERB_OK
                   : verb_usage("mapping", "--of \"%s\" is no version", optarg);
    case 's':
        return moment_read(optarg, moment_now_ms(), &wish->copy.valid_from_ms)
                   ? VERB_OK
                   : moment_bad("mapping", optarg);
    case 'c': wish->config_dir = optarg; return VERB_OK;
    case 'j': wish->json = true; return VERB_OK;
    default: return verb_bad_option("mapping", argv);
    }
}

static int run(int argc, char **argv)
{
    struct wish wish = {.config_dir = verb_config_dir(), .copy.valid_from_ms = moment_now_ms()};
    int status = VERB_OK;
    for (int c; status == VERB_OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        status = read_option(&wish, c, argv);
    if (status != VERB_OK)
        return status;
    if (argc - optind != 2 || strcmp(argv[optind], "copy") != 0)
        return verb_usage("mapping", "copy FEED");
    wish.feed = argv[optind + 1];
    return copy_version(&wish);
}

const struct verb verb_mapping = {
    "mapping",    "a new version of a feed's mapping, from one that is there",
    mapping_help, run,
    options,      "copy"};
