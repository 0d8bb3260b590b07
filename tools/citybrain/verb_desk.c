/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain desk: what waits for a person, why, and that person's word. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "citybrain/desk_decide.h"
#include "citybrain/desk_report.h"
#include "citybrain/own_names.h"
#include "citybrain/verb.h"

static const char desk_help[] =
    "usage: citybrain desk ls [--cause CODE] [--json]                待办清单\n"
    "       citybrain desk show CASE [--json]                        "
    "一件:事由、可选单位、可作决定、经过\n"
    "       citybrain desk decide CASE MOVE --as 姓名 --reason 理由 [options]   作出决定\n\n"
    "区指挥中心的待办:规则定不了的,由人来定。\n"
    "What no rule can decide comes to the desk with its reason and the alternatives. Each line of\n"
    "ls is one case, most urgent first. The causes, and the moves that answer each:\n\n"
    "  unclassified  待分类    classified assigned closed     its type is not known\n"
    "  fallback      兜底      assigned classified closed     no rule finds an owner\n"
    "  two_leads     两可      assigned                       two owners are plausible\n"
    "  too_old       超龄      assigned closed                older than router.max_age\n"
    "  unknown_unit  单位不明  assigned                       the order names a unit nobody has\n"
    "  emergency     紧急      assigned closed                life or property is in danger\n"
    "  dispute       异议      dispute_decided assigned       the lead says it is not its own\n"
    "  hold          挂账申请  held noted                     the lead asks for the clock to stop\n"
    "  confirm       未诉先办待确认  confirmed declined       a trigger suggests to look\n"
    "  would_have    复核      assigned noted                 corrected: we would decide "
    "otherwise\n"
    "  overdue       超期      supervised extended assigned noted\n"
    "  headless      无受理记录  noted                        answers came, the order never did\n\n"
    "MOVE and what it needs:\n"
    "  assigned --lead UNIT [--due TIME]        指定承办: this unit leads; the old lead is "
    "recalled\n"
    "  classified --type CODE [--community CODE | --street CODE]   分类: the rules decide again\n"
    "  dispute_decided --outcome upheld [--lead UNIT]    异议成立: another lead, by the rules if "
    "unnamed\n"
    "  dispute_decided --outcome rejected       异议不成立: it stays with its lead\n"
    "  held, extended --due TIME, supervised, confirmed, declined, closed, noted\n"
    "and what answers nothing, whenever it is due:\n"
    "  resumed                                  恢复办理: the clock runs on after a hold\n"
    "  merged --parent CASE, unmerged           并单、撤销并单\n"
    "  co_assigned --co UNIT [--due TIME]       指派协办: that unit helps the lead\n"
    "  reopened                                 重新办理: another round\n"
    "A case may have the moves of its kind (config/kinds); show names those that answer it.\n\n"
    "  --as NAME            who decides: stands in audit, with the reason, and in status.desk\n"
    "  --reason TEXT        why; never passed on to `events`\n"
    "  --time TIME          when it was decided (default now), as 2026-03-02T18:00:00+08:00\n"
    "  --anyway             although it is not asked, or answered by other moves\n"
    "  --token-file FILE    your own token (first line); else $CITYBRAIN_TOKEN, else --tokens\n"
    "  --tokens FILE        a table of tokens, for a demo (default tokens.csv of --config)\n"
    "  --url URL            ingest's door (default $CITYBRAIN_URL or http://127.0.0.1:29300)\n"
    "  --wait DURATION      how long to wait for the effect (default 30s)\n"
    "  --brokers, --prefix  (default $CITYBRAIN_BROKERS or 127.0.0.1:29092, cb.)\n"
    "  --config DIR         names and codes (default $CITYBRAIN_CONFIG or config)\n\n"
    "A decision is audited first, then said at ingest's door, then waited for. It is one event\n"
    "however often it is said. What became of the case: citybrain why CASE.\n\n"
    "  citybrain desk ls --cause dispute\n"
    "  citybrain desk decide request:12345:N1 assigned --lead s110105001 --as 张三 --reason "
    "现场核实属建外\n"
    "exit: 0 done, 1 not asked, rejected or without effect, 64 usage, 69 no broker, no door or no\n"
    "effect yet, 78 configuration\n";

struct wish {
    struct desk_decision decision;
    struct desk_door door;
    struct kafka_settings settings;
    const char *config_dir, *cause, *time;
    char own_tokens[512]; /* the configuration's */
    bool json;
};

static int read_option(struct wish *wish, int c, char **argv)
{
    switch (c) {
    case 'a': wish->decision.who = optarg; return VERB_OK;
    case 'r': wish->decision.reason = optarg; return VERB_OK;
    case 'l': wish->decision.lead = optarg; return VERB_OK;
    case 'y': wish->decision.type = optarg; return VERB_OK;
    case 'm': wish->decision.community = optarg; return VERB_OK;
    case 's': wish->decision.street = optarg; return VERB_OK;
    case 'd': wish->decision.due = optarg; return VERB_OK;
    case 'o': wish->decision.outcome = optarg; return VERB_OK;
    case 'P': wish->decision.parent = optarg; return VERB_OK;
    case 'O': wish->decision.co = optarg; return VERB_OK;
    case 'n': wish->decision.anyway = true; return VERB_OK;
    case 'T': wish->time = optarg; return VERB_OK;
    case 'f': wish->door.token_file = optarg; return VERB_OK;
    case 't': wish->door.tokens_file = optarg; return VERB_OK;
    case 'u': wish->door.url = optarg; return VERB_OK;
    case 'b': wish->settings.brokers = optarg; return VERB_OK;
    case 'p': wish->settings.prefix = optarg; return VERB_OK;
    case 'c': wish->config_dir = optarg; return VERB_OK;
    case 'C': wish->cause = optarg; return VERB_OK;
    case 'j': wish->json = true; return VERB_OK;
    case 'w':
        if (timestamp_parse_duration(span_of(optarg), &wish->door.wait_ms))
            return VERB_OK;
        return verb_usage("desk", "--wait \"%s\" is no duration such as 30s", optarg);
    default: return verb_bad_option("desk", argv);
    }
}

static const char *or_else(const char *a, const char *b)
{
    return a ? a : b;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int list(struct wish *wish, struct desk_duties *duties, const struct desk_names *names)
{
    enum desk_cause only = wish->cause ? desk_cause_of(span_of(wish->cause)) : DESK_NOTHING;
    if (wish->cause && only == DESK_NOTHING)
        return verb_usage("desk", "no cause \"%s\"", wish->cause);
    desk_report_list(duties, names, only, wish->json, stdout);
    return VERB_OK;
}

/* What happened so far is what `why` shows; without the aggregator the question stands alone. */
static void show_timeline(const struct wish *wish)
{
    const char *const words[] = {
        "why",       wish->decision.case_id, "--config", wish->config_dir,
        "--brokers", wish->settings.brokers, "--prefix", wish->settings.prefix};
    char *argv[ARRAY_LENGTH(words) + 1] = {NULL};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        argv[i] = xspandup(span_of(words[i]));
    putchar('\n');
    fflush(stdout);
    optind = 0; /* getopt begins anew */
    (void)!verb_why.run((int)ARRAY_LENGTH(words), argv);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        free(argv[i]);
}

static int show(struct wish *wish, struct desk_duties *duties, const struct desk_names *names)
{
    const struct desk_duty_item *item = desk_duties_find(duties, wish->decision.case_id);
    if (!item || !item->open) {
        fprintf(stderr, "citybrain desk: %s is not asked of the desk%s; see citybrain why %s\n",
                wish->decision.case_id, item ? " any more" : "", wish->decision.case_id);
        return VERB_FAILED;
    }
    if (wish->json) {
        desk_report_json(duties, item, names->kinds, stdout);
        putchar('\n');
    } else {
        desk_report_show(duties, item, names, stdout);
        show_timeline(wish);
    }
    return VERB_OK;
}

static int decide(struct wish *wish, struct desk_duties *duties, const struct desk_names *names)
{
    char answers[64] = "";
    struct error error = {0};
    const struct desk_duty_item *item = desk_duties_find(duties, wish->decision.case_id);
    if (!desk_decide_check(&wish->decision, duties, item, names, &error)) {
        fprintf(stderr, "citybrain desk: %s\n", error.text);
        return VERB_FAILED;
    }
    if (item && item->open && desk_moves_is_answer(wish->decision.move))
        span_to_cstr(json_text(desk_duties_view(duties, item), "id"), answers, sizeof answers);
    return desk_decide_say(&wish->decision, answers, &wish->door, &wish->settings, wish->json,
                           stdout);
}

static int with_duties(struct wish *wish, const char *what, const struct desk_names *names)
{
    struct desk_duties duties;
    struct error error = {0};
    bool read = desk_duties_read(&duties, &wish->settings, &error);
    int status = VERB_UNAVAILABLE;
    if (read)
        status = strcmp(what, "ls") == 0     ? list(wish, &duties, names)
                 : strcmp(what, "show") == 0 ? show(wish, &duties, names)
                                             : decide(wish, &duties, names);
    else
        fprintf(stderr, "citybrain desk: %s; fix: start the brokers, or name them by --brokers\n",
                error.text);
    desk_duties_fini(&duties);
    return status;
}

static void show_diagnostic(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static int with_names(struct wish *wish, const char *what)
{
    struct district district = {0};
    struct own_names own;
    struct desk_names names = {.district = &district, .own = &own};
    char path[512];
    int status = VERB_CONFIG;
    struct diagnostics *diagnostics = diagnostics_new();
    snprintf(path, sizeof path, "%s/codes.csv", wish->config_dir);
    struct codes *codes = codes_load(path, diagnostics);
    snprintf(path, sizeof path, "%s/kinds", wish->config_dir);
    struct kinds *kinds = codes ? kinds_load(path, codes, diagnostics) : NULL;
    bool good = district_load(&district, wish->config_dir, diagnostics) && kinds;
    diagnostics_each(diagnostics, show_diagnostic, stderr);
    diagnostics_free(diagnostics);
    names.kinds = kinds;
    own_names_load(&own, wish->config_dir);
    if (good)
        status = with_duties(wish, what, &names);
    if (kinds)
        kinds_free(kinds);
    if (codes)
        codes_free(codes);
    district_fini(&district);
    own_names_fini(&own);
    return status;
}

static int check_words(struct wish *wish, int argc, char **argv)
{
    const char *what = optind < argc ? argv[optind] : "";
    int words = argc - optind;
    bool decides = strcmp(what, "decide") == 0;
    if (strcmp(what, "ls") == 0 && words == 1)
        return VERB_OK;
    if (words >= 2)
        wish->decision.case_id = argv[optind + 1];
    if (strcmp(what, "show") == 0 && words == 2)
        return VERB_OK;
    if (!decides || words != 3)
        return verb_usage("desk", "one of: ls, show CASE, decide CASE MOVE");
    wish->decision.move = desk_moves_find(span_of(argv[optind + 2]));
    if (!wish->decision.move)
        return verb_usage("desk", "the desk has no move \"%s\"", argv[optind + 2]);
    if (!wish->decision.who || !wish->decision.reason)
        return verb_usage("desk", "a decision needs --as NAME and --reason TEXT");
    wish->decision.time_ms = now_ms();
    if (wish->time && !timestamp_parse_rfc3339(span_of(wish->time), &wish->decision.time_ms))
        return verb_usage("desk", "--time \"%s\" is no time such as 2026-03-02T18:00:00+08:00",
                          wish->time);
    return VERB_OK;
}

static const struct option options[] = {
    {"as", 1, 0, 'a'},         {"reason", 1, 0, 'r'}, {"lead", 1, 0, 'l'},   {"type", 1, 0, 'y'},
    {"community", 1, 0, 'm'},  {"street", 1, 0, 's'}, {"due", 1, 0, 'd'},    {"outcome", 1, 0, 'o'},
    {"parent", 1, 0, 'P'},     {"co", 1, 0, 'O'},     {"anyway", 0, 0, 'n'}, {"time", 1, 0, 'T'},
    {"token-file", 1, 0, 'f'}, {"tokens", 1, 0, 't'}, {"url", 1, 0, 'u'},    {"brokers", 1, 0, 'b'},
    {"prefix", 1, 0, 'p'},     {"config", 1, 0, 'c'}, {"cause", 1, 0, 'C'},  {"json", 0, 0, 'j'},
    {"wait", 1, 0, 'w'},       {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    struct wish wish = {
        .config_dir = verb_config_dir(),
        .door = {.url = or_else(getenv("CITYBRAIN_URL"), "http://127.0.0.1:29300"),
                 .wait_ms = 30000},
        .settings = {.brokers = or_else(getenv("CITYBRAIN_BROKERS"), "127.0.0.1:29092"),
                     .prefix = or_else(getenv("CITYBRAIN_PREFIX"), "cb."),
                     .group = "citybrain",
                     .slot = 1}};
    int status = VERB_OK;
    for (int c; status == VERB_OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        status = read_option(&wish, c, argv);
    snprintf(wish.own_tokens, sizeof wish.own_tokens, "%s/tokens.csv", wish.config_dir);
    if (!wish.door.tokens_file)
        wish.door.tokens_file = wish.own_tokens;
    status = status == VERB_OK ? check_words(&wish, argc, argv) : status;
    return status == VERB_OK ? with_names(&wish, argv[optind]) : status;
}

const struct verb verb_desk = {
    "desk",    "what waits for a person at the desk, and that person's word",
    desk_help, run,
    options,   "ls show decide"};
