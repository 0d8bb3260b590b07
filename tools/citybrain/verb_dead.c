/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain dead: what could not be taken, why, how much of it, and back again once it can be. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "citybrain/dead_feed.h"
#include "citybrain/dead_list.h"
#include "citybrain/dead_purge.h"
#include "citybrain/dead_redrive.h"
#include "citybrain/dead_redriven.h"
#include "citybrain/dead_show.h"
#include "citybrain/moment.h"
#include "citybrain/verb.h"

#define LIMIT 50

static const char dead_help[] =
    "usage: citybrain dead ls [filters] [--all] [--limit N] [--json]  死信清单\n"
    "       citybrain dead group [filters] [--all] [--json]           按数据源和原因汇总\n"
    "       citybrain dead show PLACE [--reveal --as NAME --reason TEXT] [--json]\n"
    "       citybrain dead redrive [filters] [--execute …] [--json]   修好之后重投\n"
    "       citybrain dead purge filters [--execute …] [--json]       不再需要的,删除\n\n"
    "What could not be taken lies in the topic `dead`, bytes untouched, for 30 days. group says\n"
    "what is wrong and how often, how many different values the field has (by today's mapping; "
    "the\n"
    "three that most letters have, and when the first and the last of each came, in UTC), with "
    "the\n"
    "newest letter as a sample; show one letter, its cells by today's mapping and what would come "
    "of\n"
    "it now (PLACE as ls names it, 1/234). A reason's\n"
    "cause and fix: citybrain reasons CODE. Letters that were redriven are done with, and neither\n"
    "listed nor counted: to know which they are, ls and group read `dead` and beside it the\n"
    "topics its letters came from (raw, status.*), from the oldest letter on. Of millions that\n"
    "takes minutes, and says how far it is: --since shortens both, --all leaves the second out.\n\n"
    "redrive puts letters back where they came from, under the mapping that is in force now. It "
    "is\n"
    "their first arrival: orders are dispatched, once. First it says what would come of them:\n"
    "accepted (and of these: there already, first dispatches, corrections), still rejected and "
    "why,\n"
    "left. Nothing is written without --execute. It may be killed and run again at any time: what\n"
    "was written is known from the log, and is not written twice.\n\n"
    "purge throws letters away, for ever: those that match, where no other lies before them (a "
    "log\n"
    "is cut at its beginning only; all go by themselves after 30 d). Planned first, like "
    "redrive.\n\n"
    "filters\n"
    "  --feed FEED, --code CODE   of that feed (status: what units said), with that reason; a "
    "feed\n"
    "                             that no file declares must have letters, or it is refused\n"
    "  --station CODE             whose cells name that station, by today's mapping\n"
    "  --since, --until TIME      when they became letters: a day (2026-03-02), a time\n"
    "                             (2026-03-02T18:00:00+08:00), or how long ago (2h, 3d)\n"
    "redrive, purge\n" PLAN_HELP
    "  --wait DURATION  how long to look for what comes of it (default 60s)\n"
    "  --clock TIME   as if it were then: which mapping is in force (default: now)\n"
    "others\n"
    "  --limit N      the newest N (default 50; 0 = all)\n"
    "  --all          ls, group: those that were redriven too (the log is not asked)\n"
    "  --reveal       the bytes too: persons' data may be among them, so it is audited\n"
    "  --config DIR   mappings (default $CITYBRAIN_CONFIG or config). redrive plans by this "
    "folder;\n"
    "                 ingest takes records by the one it was started with, so start it anew first\n"
    "  --brokers, --prefix  (default $CITYBRAIN_BROKERS or 127.0.0.1:29092, cb.)\n\n"
    "  citybrain dead group --since 3d\n"
    "  citybrain dead redrive --feed hotline --code unknown_code\n"
    "  citybrain dead redrive --feed hotline --code unknown_code --execute --as 张三 --reason "
    "码表已补\n"
    "exit: 0 done, 1 no such letter or another plan, 64 usage or no such feed, 69 no broker, or "
    "not seen yet, 78\n"
    "configuration\n";

struct wish {
    const char *what, *config_dir, *now;
    struct dead_filter filter;
    struct plan plan;
    struct kafka_settings settings;
    int64_t limit, wait_ms, now_ms;
    bool json, reveal;
    struct bundle bundle;
    struct dead_try trial; /* where a mapping is asked */
    struct dead_list list;
    struct dead_groups groups;
    struct dead_redriven redriven;
    int64_t left_out; /* redriven, and not wanted */
    bool found, all, knows_mappings;
};

/* ---- reading ---- */

static bool is_of_station(struct wish *wish, const struct dead_letter *letter)
{
    struct dead_verdict verdict;
    if (!wish->filter.station)
        return true;
    dead_try_letter(&wish->trial, letter, &verdict);
    return span_is(verdict.station, wish->filter.station);
}

/* What is on its topic again is no work any more. */
static bool is_listed(struct wish *wish, const struct dead_letter *letter)
{
    if (!is_of_station(wish, letter))
        return false;
    bool done = dead_redriven_is(&wish->redriven, letter);
    wish->left_out += done;
    return !done;
}

static bool take_asked(void *context, const struct dead_letter *letter)
{
    struct wish *wish = context;
    dead_redriven_ask(&wish->redriven, letter);
    return true;
}

static bool take_listed(void *context, const struct dead_letter *letter)
{
    struct wish *wish = context;
    if (is_listed(wish, letter))
        dead_list_add(&wish->list, letter);
    return true;
}

static bool take_group(void *context, const struct dead_letter *letter)
{
    struct wish *wish = context;
    struct dead_cell cell = {0};
    if (!is_listed(wish, letter))
        return true;
    if (wish->knows_mappings) {
        struct dead_verdict verdict;
        dead_try_letter(&wish->trial, letter, &verdict);
        cell = dead_try_cell(&wish->trial, letter);
    }
    dead_groups_add(&wish->groups, letter, &cell);
    return true;
}

static bool take_shown(void *context, const struct dead_letter *letter)
{
    struct wish *wish = context;
    wish->found = true;
    dead_show(&wish->trial, letter, wish->reveal, wish->json, stdout);
    return true;
}

static int read_letters(struct wish *wish, dead_letter_fn *each)
{
    struct error error = {0};
    int64_t strange = 0;
    bool good = dead_letter_each(&wish->settings, &wish->filter, each, wish, &strange, &error);
    if (strange && each != take_asked) /* once is enough */
        fprintf(stderr, "citybrain dead: %lld records have no header of ours\n",
                (long long)strange);
    if (good)
        return VERB_OK;
    fprintf(stderr, "citybrain dead: %s%s\n", error.text, verb_broker_fix(&error));
    return VERB_UNAVAILABLE;
}

/* Where the log does not say which were redriven, all are shown. */
static int read_open(struct wish *wish, dead_letter_fn *each)
{
    struct error error = {0};
    int status = wish->all ? VERB_OK : read_letters(wish, take_asked);
    if (status != VERB_OK)
        return status;
    if (!wish->all && !dead_redriven_look(&wish->redriven, &wish->settings, &error))
        fprintf(stderr, "citybrain dead: which of these were redriven is not known: %s\n",
                error.text);
    status = read_letters(wish, each);
    dead_redriven_fini(&wish->redriven);
    return status;
}

static void say_left_out(const struct wish *wish)
{
    if (wish->left_out)
        fprintf(stderr, "已重投 %lld 条,不再列出 redriven, left out; --all lists them too\n",
                (long long)wish->left_out);
}

static int list(struct wish *wish)
{
    int status = read_open(wish, take_listed);
    if (status == VERB_OK) {
        dead_list_show(&wish->list, (size_t)wish->limit, wish->json, stdout);
        say_left_out(wish);
    }
    dead_list_fini(&wish->list);
    return status;
}

static int group(struct wish *wish)
{
    int status = read_open(wish, take_group);
    if (status == VERB_OK) {
        dead_groups_show(&wish->groups, wish->json, stdout);
        say_left_out(wish);
    }
    dead_groups_fini(&wish->groups);
    return status;
}

/* Who looks at persons' data stands in audit before he sees them, and behind that whether he did.
 */
static bool audit_reveal(const struct wish *wish, const char *place, struct span outcome,
                         struct error *error)
{
    const struct audit_argument argument = {"letter", span_of(place)};
    return audit_write(&wish->settings,
                       &(struct audit_entry){.who = span_of(wish->plan.who),
                                             .reason = span_of(wish->plan.reason),
                                             .verb = "dead show",
                                             .outcome = outcome,
                                             .arguments = &argument,
                                             .argument_count = 1},
                       error);
}

static int show_letter(struct wish *wish, const char *place)
{
    int status = read_letters(wish, take_shown);
    if (status != VERB_OK || wish->found)
        return status;
    fprintf(stderr, "citybrain dead: no letter at %s; fix: citybrain dead ls names them\n", place);
    return VERB_FAILED;
}

static int show(struct wish *wish, const char *place)
{
    struct error error = {0};
    if (!wish->reveal)
        return show_letter(wish, place);
    if (!audit_reveal(wish, place, SPAN("intended"), &error)) {
        fprintf(stderr, "citybrain dead: nothing is shown: it cannot be audited: %s\n", error.text);
        return VERB_UNAVAILABLE;
    }
    int status = show_letter(wish, place);
    if (audit_reveal(wish, place, wish->found ? SPAN("done") : SPAN("failed"), &error))
        return status;
    fprintf(stderr, "citybrain dead: its end is not in audit: %s\n", error.text);
    return VERB_UNAVAILABLE;
}

/* All of them at once is nobody's slip of the hand. */
static int purge(struct wish *wish)
{
    const struct dead_filter *filter = &wish->filter;
    if (!filter->feed && filter->code == REJECT_NONE && filter->until_ms == INT64_MAX)
        return verb_usage("dead", "purge which? name --feed, --code or --until");
    if (filter->station)
        return verb_usage("dead", "purge knows no stations: name --feed, --code or --until");
    const struct dead_purge what = {&wish->settings, filter, wish->json};
    return dead_purge_run(&what, &wish->plan, stdout);
}

static int redrive(struct wish *wish)
{
    const struct dead_redrive what = {.bundle = &wish->bundle,
                                      .settings = &wish->settings,
                                      .filter = &wish->filter,
                                      .now_ms = wish->now_ms,
                                      .wait_ms = wish->wait_ms,
                                      .json = wish->json};
    return dead_redrive_run(&what, &wish->plan, stdout);
}

/* ---- the verb ---- */

static void show_diagnostic(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

/* Lists need no configuration, unless a mapping is to tell the station; groups say more with one.
 */
static int with_bundle(struct wish *wish, const char *place)
{
    bool lists = strcmp(wish->what, "ls") == 0, groups = strcmp(wish->what, "group") == 0;
    if (strcmp(wish->what, "purge") == 0)
        return purge(wish);
    if (lists && !wish->filter.station)
        return list(wish);
    struct diagnostics *diagnostics = diagnostics_new();
    bool loaded = bundle_load(&wish->bundle, wish->config_dir, diagnostics);
    int status = VERB_CONFIG;
    bool spares = groups && !wish->filter.station && !loaded;
    if (spares)
        fprintf(stderr,
                "citybrain dead: values are not told: %s is no configuration that can be "
                "read; citybrain check says why\n",
                wish->config_dir);
    else
        diagnostics_each(diagnostics, show_diagnostic, stderr);
    diagnostics_free(diagnostics);
    if (spares) {
        status = group(wish);
    } else if (loaded) {
        wish->knows_mappings = true;
        dead_try_init(&wish->trial, &wish->bundle, &wish->settings, wish->now_ms);
        status = lists                                ? list(wish)
                 : groups                             ? group(wish)
                 : strcmp(wish->what, "redrive") == 0 ? redrive(wish)
                                                      : show(wish, place);
        dead_try_fini(&wish->trial);
    }
    bundle_fini(&wish->bundle);
    return status;
}

static int read_option(struct wish *wish, int c, char **argv)
{
    int status;
    if (plan_option(&wish->plan, c, optarg, &status))
        return status;
    switch (c) {
    case 'h': fputs(dead_help, stdout); exit(VERB_OK);
    case 'f': wish->filter.feed = optarg; return VERB_OK;
    case 's': wish->filter.station = optarg; return VERB_OK;
    case 'm':
        return moment_read(optarg, wish->now_ms, &wish->filter.since_ms)
                   ? VERB_OK
                   : moment_bad("dead", optarg);
    case 'o':
        return moment_read(optarg, wish->now_ms, &wish->filter.until_ms)
                   ? VERB_OK
                   : moment_bad("dead", optarg);
    case 'e': wish->reveal = true; return VERB_OK;
    case 'a': wish->all = true; return VERB_OK;
    case 'j': wish->json = true; return VERB_OK;
    case 'g': wish->config_dir = optarg; return VERB_OK;
    case 'b': wish->settings.brokers = optarg; return VERB_OK;
    case 'p': wish->settings.prefix = optarg; return VERB_OK;
    case 'k':
        return timestamp_parse_rfc3339(span_of(optarg), &wish->now_ms) ? VERB_OK
                                                                       : moment_bad("dead", optarg);
    case 'c':
        wish->filter.code = reject_find(span_of(optarg));
        return wish->filter.code != REJECT_NONE
                   ? VERB_OK
                   : verb_usage("dead", "no reason \"%s\"; citybrain reasons lists them", optarg);
    case 'l':
        return span_to_int64(span_of(optarg), &wish->limit) && wish->limit >= 0
                   ? VERB_OK
                   : verb_usage("dead", "--limit \"%s\" is no number", optarg);
    case 'w':
        return timestamp_parse_duration(span_of(optarg), &wish->wait_ms)
                   ? VERB_OK
                   : verb_usage("dead", "--wait \"%s\" is no duration such as 30s", optarg);
    default: return verb_bad_option("dead", argv);
    }
}

static int check_words(struct wish *wish, int argc, char **argv)
{
    static const char *const verbs[] = {"ls", "group", "redrive", "purge"};
    int words = argc - optind;
    wish->what = words > 0 ? argv[optind] : "";
    if (strcmp(wish->what, "show") == 0) {
        if (words != 2 || !dead_letter_place(span_of(argv[optind + 1]), &wish->filter.partition,
                                             &wish->filter.offset))
            return verb_usage("dead", "show needs one PLACE, as 1/234");
        const struct plan *plan = &wish->plan;
        bool known = plan->who && plan->who[0] && plan->reason && plan->reason[0];
        return !wish->reveal || known
                   ? VERB_OK
                   : verb_usage("dead", "--reveal needs --as NAME and --reason TEXT");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++)
        if (strcmp(wish->what, verbs[i]) == 0 && words == 1)
            return plan_check(&wish->plan);
    return verb_usage("dead", "one of: ls, group, show PLACE, redrive, purge");
}

static const char *or_else(const char *a, const char *b)
{
    return a ? a : b;
}

static const struct option options[] = {
    {"help", 0, 0, 'h'},   {"feed", 1, 0, 'f'},    {"code", 1, 0, 'c'},   {"station", 1, 0, 's'},
    {"since", 1, 0, 'm'},  {"until", 1, 0, 'o'},   {"limit", 1, 0, 'l'},  {"reveal", 0, 0, 'e'},
    {"all", 0, 0, 'a'},    {"json", 0, 0, 'j'},    {"wait", 1, 0, 'w'},   {"clock", 1, 0, 'k'},
    {"config", 1, 0, 'g'}, {"brokers", 1, 0, 'b'}, {"prefix", 1, 0, 'p'}, PLAN_OPTIONS,
    {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    static struct wish wish;
    wish = (struct wish){
        .config_dir = verb_config_dir(),
        .filter = {.until_ms = INT64_MAX, .partition = -1, .offset = -1},
        .plan = {.verb = "dead redrive", .rate = PLAN_RATE},
        .settings = {.brokers = or_else(getenv("CITYBRAIN_BROKERS"), "127.0.0.1:29092"),
                     .prefix = or_else(getenv("CITYBRAIN_PREFIX"), "cb."),
                     .group = "citybrain",
                     .slot = 1},
        .limit = LIMIT,
        .wait_ms = 60000,
        .now_ms = moment_now_ms()};
    int status = VERB_OK;
    wish.plan.settings = &wish.settings;
    for (int c; status == VERB_OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        status = read_option(&wish, c, argv);
    status = status == VERB_OK ? check_words(&wish, argc, argv) : status;
    if (status == VERB_OK && wish.filter.feed && wish.filter.partition < 0)
        status = dead_feed_check(wish.filter.feed, wish.config_dir, &wish.settings);
    return status == VERB_OK ? with_bundle(&wish, argv[argc - 1]) : status;
}

const struct verb verb_dead = {"dead",    "what could not be taken, why, and back again",
                               dead_help, run,
                               options,   "ls group show redrive purge"};
