/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain replay: a range of `raw` once more through all three daemons, planned first. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "citybrain/replay_run.h"
#include "citybrain/verb.h"

static const char replay_help[] =
    "usage: citybrain replay --feed FEED --from TIME --to TIME [--mapping N] [--dispatch-missing]\n"
    "                        [--offsets P:FROM-TO,…] [--all] [--json]           the plan\n"
    "       citybrain replay …the same… --execute --as NAME --reason WHY [--plan HASH] [--rate "
    "N]\n\n"
    "按修正后的映射重放一段原始记录:先看计划,再执行。\n"
    "A mapping was wrong and is mended, as a new version of its feed: what came in between is "
    "read\n"
    "once more by that version, out of `raw`, through ingest, router and aggregator. Without\n"
    "--execute nothing is written: the plan says what would become of each record,\n\n"
    "  first_dispatch  nobody was ever told of it: its order goes out for the first time\n"
    "  would_differ    it was dispatched, and would now go to another unit: the desk is asked\n"
    "                  (复核); the lead keeps it until the desk decides\n"
    "  only_state      what the case is changes, and the views with it; nobody is told\n"
    "  same, known     read as it was, or read by that version already: left alone\n"
    "  rejected        rejected by that version too: stays in `dead`\n\n"
    "and orders by unit, with an example each. Nothing that was decided is decided again, and a\n"
    "replay of a replay changes nothing.\n\n"
    "  --feed FEED          one feed (default: every feed, each by its newest version)\n"
    "  --from, --to TIME    when it was received: a day (2026-03-06) or a time with its zone\n"
    "  --offsets P:FROM-TO  only these offsets of these partitions of `raw`, FROM and before TO;\n"
    "                       one range a partition, and all of it in the log\n"
    "  --mapping N          the version to read by (default: the feed's newest)\n"
    "  --dispatch-missing   what never arrived arrives now, with all its effects. Without it such\n"
    "                       a case is history: counted, known to nobody, and listed again by the\n"
    "                       next plan\n"
    "  --all                also what that version reads as the old one did\n" PLAN_HELP
    "Killed half-way, the same words go on where it stopped.\n\n"
    "  --name NAME          another name than the one made of the range: to do the same again.\n"
    "                       It keeps what it was used for, and is refused for anything else\n"
    "  --config DIR         the configuration with the mended mapping, which ingest must have too\n"
    "                       (default $CITYBRAIN_CONFIG or config)\n"
    "  --brokers, --prefix  (default $CITYBRAIN_BROKERS or 127.0.0.1:29092, cb.)\n\n"
    "  citybrain replay --feed hotline --from 2026-03-06 --to 2026-03-09 --dispatch-missing\n"
    "The whole story, from the first sign to the last check: docs/runbooks/mapping-fault.md\n"
    "exit: 0 planned or done, 1 another plan than --plan, 64 usage, 69 no broker, or offsets that\n"
    "are not in the log, or the name of another replay, 78 configuration\n";

/* A day of the district, or a time. */
static bool read_moment(const char *text, int64_t *ms)
{
    return timestamp_parse_rfc3339(span_of(text), ms) ||
           timestamp_parse(span_of(text), "%Y-%m-%d", YAML_DATE_ZONE_MINUTES, ms);
}

static int read_offsets(struct replay_run *run, const char *text)
{
    struct error error = {0};
    return replay_offsets_read(&run->offsets, text, &error)
               ? VERB_OK
               : verb_usage("replay", "--offsets %s: %s", text, error.text);
}

static bool read_count(const char *text, int64_t least, int64_t *value)
{
    return span_to_int64(span_of(text), value) && *value >= least;
}

static int read_option(struct replay_run *run, int c, char **argv)
{
    struct replay_wish *wish = &run->wish;
    switch (c) {
    case 'f': wish->feed = optarg; return VERB_OK;
    case 'm':
    case 't':
        if (read_moment(optarg, c == 'm' ? &wish->from_ms : &wish->to_ms))
            return VERB_OK;
        return verb_usage("replay",
                          "\"%s\" is neither a day (2026-03-06) nor a time "
                          "(2026-03-06T18:00:00+08:00)",
                          optarg);
    case 'v':
        if (read_count(optarg, 1, &wish->mapping))
            return VERB_OK;
        return verb_usage("replay", "--mapping \"%s\" is no version", optarg);
    case 'o': return read_offsets(run, optarg);
    case 'd': wish->missing = true; return VERB_OK;
    case 'l': wish->all = true; return VERB_OK;
    case 'n': run->name = optarg; return VERB_OK;
    case 'j': run->json = true; return VERB_OK;
    case 'c': run->config_dir = optarg; return VERB_OK;
    case 'b': run->settings.brokers = optarg; return VERB_OK;
    case 'p': run->settings.prefix = optarg; return VERB_OK;
    default: return verb_bad_option("replay", argv);
    }
}

static const char *or_else(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value ? value : otherwise;
}

static int check(const struct replay_run *run, int argc, char **argv)
{
    bool bounded = run->wish.from_ms != INT64_MIN && run->wish.to_ms != INT64_MAX;
    if (optind != argc)
        return verb_usage("replay", "what is \"%s\"?", argv[optind]);
    if (!bounded && run->offsets.count == 0)
        return verb_usage("replay", "a range is needed: --from and --to, or --offsets");
    if (run->wish.from_ms >= run->wish.to_ms)
        return verb_usage("replay", "--from is not before --to");
    if (run->wish.mapping && !run->wish.feed)
        return verb_usage("replay", "--mapping is a version of one feed: name it by --feed");
    if (run->name && strncmp(run->name, REPLAY_PREFIX, sizeof REPLAY_PREFIX - 1) != 0)
        return verb_usage("replay", "--name begins with " REPLAY_PREFIX);
    if (run->name && (strlen(run->name) > 48 || run->name[strspn(run->name, REPLAY_RUN_NAME)]))
        return verb_usage("replay", "--name is at most 48 letters, digits and '-'");
    return plan_check(&run->plan);
}

static const struct option options[] = {{"feed", 1, 0, 'f'},    {"from", 1, 0, 'm'},
                                        {"to", 1, 0, 't'},      {"mapping", 1, 0, 'v'},
                                        {"offsets", 1, 0, 'o'}, {"dispatch-missing", 0, 0, 'd'},
                                        {"all", 0, 0, 'l'},     PLAN_OPTIONS,
                                        {"name", 1, 0, 'n'},    {"json", 0, 0, 'j'},
                                        {"config", 1, 0, 'c'},  {"brokers", 1, 0, 'b'},
                                        {"prefix", 1, 0, 'p'},  {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    static struct replay_run run;
    run =
        (struct replay_run){.wish = {.from_ms = INT64_MIN, .to_ms = INT64_MAX},
                            .plan = {.verb = "replay", .rate = PLAN_RATE},
                            .config_dir = verb_config_dir(),
                            .settings = {.brokers = or_else("CITYBRAIN_BROKERS", "127.0.0.1:29092"),
                                         .prefix = or_else("CITYBRAIN_PREFIX", "cb."),
                                         .slot = 1,
                                         .transaction_timeout_ms = 30000}};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int status = VERB_OK;
        if (!plan_option(&run.plan, c, optarg, &status))
            status = read_option(&run, c, argv);
        if (status != VERB_OK)
            return status;
    }
    int status = check(&run, argc, argv);
    return status == VERB_OK ? replay_run(&run) : status;
}

const struct verb verb_replay = {
    "replay", "a range of raw once more, by a mended mapping", replay_help, run, options, NULL};
