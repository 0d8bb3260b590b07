/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain views: a view as a table, from the aggregator's read-only API; apply is another noun's.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "citybrain/read_api.h"
#include "citybrain/table.h"
#include "citybrain/verb.h"
#include "citybrain/view_rows.h"
#include "citybrain/views_apply.h"
#include "model/json.h"

/* What stands in a URL as it is; names, columns and dates have nothing else. */
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_,-"

static const char views_help[] =
    "usage: citybrain views show NAME [--by unit,type_code,street_code,day] [--total]\n"
    "                                 [--from DATE] [--to DATE] [--audience office|public]\n"
    "                                 [--json] [--url URL]\n" VIEWS_APPLY_HELP
    "NAME is closure_rate, response_time, inflow (--by hour too), any file of config/views, or\n"
    "ledger: what was read of each feed and hour and what became of it (--by day,hour,feed).\n"
    "Days are civil days of the district, both ends included; on_time, and what else goes by "
    "limits,\n"
    "ends with today: what is due later nobody has missed. Without --by everything is summed up;\n"
    "with it, --total adds that sum as a last row, all. In --by \"_code\" may be left out.\n"
    "Numbers are the office's (内部), every one as it is, unless --audience public asks for what "
    "the\n"
    "public may be told (公开): there a count of one to four, and what is made of it, is \"-\", "
    "the "
    "row's\n"
    "suppressed is true, stderr says of how many rows, and the sum of such rows is left out.\n\n"
    "Rows come in the order of their codes. In a terminal columns are aligned and a code stands\n"
    "behind its name. Into a pipe or file columns are separated by tabs and are the same every\n"
    "time: the first line names them, and behind each column of codes one has their names (unit,\n"
    "unit_name; type_code, type_name); nothing is \"-\". Names are those of --config (default\n"
    "$CITYBRAIN_CONFIG or config). --json prints {view, now, rows} as the API gives "
    "them.\n" READ_API_HELP "\n"
    "  citybrain views show closure_rate --by unit,type --from 2026-03-01 --to 2026-03-31\n"
    "  citybrain views show closure_rate --by unit --total | sort -t$'\\t' -k3,3nr | head   # the "
    "busiest\n"
    "exit: 0 shown or applied, 64 no such view, column or date, 69 no API or database, or not for "
    "you, 78 "
    "configuration\n";

static const struct json_value *rows_of(struct json_reader *reader, struct span answer,
                                        struct arena *arena)
{
    const struct json_value *value = NULL;
    size_t bad_at;
    return json_read(reader, answer, arena, &value, &bad_at) == REJECT_NONE
               ? json_get(value, SPAN("rows"))
               : NULL;
}

struct wish {
    const char *name, *by, *from, *to, *url, *config_dir;
    bool json, total, open; /* open: as the public is told */
};

static size_t count_suppressed(const struct json_value *rows)
{
    size_t count = 0;
    for (const struct json_value *row = rows->first; row; row = row->next) {
        const struct json_value *suppressed = json_get(row, SPAN("suppressed"));
        count += suppressed && suppressed->type == JSON_BOOL && suppressed->truth;
    }
    return count;
}

/* The sum of rows less those that are told is the one that is not. */
static bool say_suppressed(const struct wish *wish, const struct json_value *rows)
{
    size_t count = wish->open && rows ? count_suppressed(rows) : 0;
    if (count)
        fprintf(
            stderr,
            "公开口径:%zu 行中 %zu 行有不足 5 的数未列 of %zu rows %zu keep back a count of one to "
            "four and what is made of it%s\n",
            rows->count, count, rows->count, count,
            wish->total && *wish->by ? "; the sum is left out, for it would tell it" : "");
    return count > 0;
}

/* `total` is empty where nobody asked for it. */
static int show(const struct wish *wish, struct span answer, struct span total)
{
    bool piped = !isatty(STDOUT_FILENO);
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    arena_init(&arena, 64 << 20);
    const struct json_value *rows = rows_of(reader, answer, &arena),
                            *sum = rows && total.len ? rows_of(reader, total, &arena) : NULL;
    bool withheld = say_suppressed(wish, rows);
    if (sum && !withheld)
        view_rows_add_all(rows, sum, &arena);
    if (rows && !wish->json) {
        view_rows_name(rows, wish->config_dir, piped, &arena);
        table_show(stdout, rows);
        if (!rows->first)
            fprintf(stderr, "暂无数据 no rows (yet)\n");
    }
    arena_fini(&arena);
    json_reader_free(reader);
    return rows && (sum || !total.len) ? VERB_OK : VERB_FAILED;
}

static int ask(struct read_api *api, const struct wish *wish, const char *by, struct strbuf *answer)
{
    struct strbuf path;
    int result = VERB_OK;
    strbuf_init(&path, 256, 4096);
    strbuf_addf(&path, "/api/views/%s?by=%s", wish->name, by);
    if (wish->from)
        strbuf_addf(&path, "&from=%s", wish->from);
    if (wish->to)
        strbuf_addf(&path, "&to=%s", wish->to);
    if (wish->open)
        strbuf_add(&path, SPAN("&audience=public"));
    int status = read_api_ask(api, path.at, answer);
    if (status == 0) {
        result = VERB_UNAVAILABLE;
    } else if (status != 200) { /* our question was wrong (4xx), or nobody can answer now */
        read_api_say(api, wish->name, status, strbuf_span(answer));
        bool mistaken = status < 500 && status != 403; /* somebody else's is no wrong question */
        if (mistaken)
            fputs("see: citybrain views --help\n", stderr);
        result = mistaken ? VERB_USAGE : VERB_UNAVAILABLE;
    }
    strbuf_fini(&path);
    return result;
}

static int ask_and_show(const struct wish *wish)
{
    struct strbuf answer, total;
    struct read_api *api = read_api_new("views", wish->url);
    strbuf_init(&answer, 65536, 64 << 20);
    strbuf_init(&total, 1024, 1 << 20);
    int status = ask(api, wish, wish->by, &answer);
    if (status == VERB_OK && wish->total && *wish->by)
        status = ask(api, wish, "", &total);
    if (status == VERB_OK && wish->json)
        printf("%.*s\n", SPAN_ARG(strbuf_span(&answer)));
    if (status == VERB_OK && (!wish->json || wish->open))
        status = show(wish, strbuf_span(&answer), strbuf_span(&total));
    strbuf_fini(&answer);
    strbuf_fini(&total);
    read_api_free(api);
    return status;
}

/* Of both; apply reads its own itself. */
static const struct option options[] = {
    {"by", 1, 0, 'b'},       {"total", 0, 0, 't'}, {"from", 1, 0, 'f'}, {"to", 1, 0, 'o'},
    {"audience", 1, 0, 'a'}, {"json", 0, 0, 'j'},  {"url", 1, 0, 'u'},  {"config", 1, 0, 'c'},
    {"execute", 0, 0, 'X'},  {"drop", 0, 0, 'D'},  {"all", 0, 0, 'L'},  {"as", 1, 0, 'A'},
    {"reason", 1, 0, 'R'},   {"plan", 1, 0, 'P'},  {"set", 1, 0, 'S'},  {0, 0, 0, 0}};

static int show_verb(int argc, char **argv)
{
    struct wish wish = {.by = "", .config_dir = verb_config_dir()};
    for (int c, index = 0; (c = getopt_long(argc, argv, "", options, &index)) != -1;) {
        switch (c) {
        case 'b': wish.by = optarg; break;
        case 't': wish.total = true; break;
        case 'f': wish.from = optarg; break;
        case 'o': wish.to = optarg; break;
        case 'j': wish.json = true; break;
        case 'u': wish.url = optarg; break;
        case 'c': wish.config_dir = optarg; break;
        case 'a':
            wish.open = strcmp(optarg, "public") == 0;
            if (!wish.open && strcmp(optarg, "office") != 0)
                return verb_usage("views", "--audience \"%s\" is not office or public", optarg);
            break;
        case '?': return verb_bad_option("views", argv);
        default: return verb_usage("views", "--%s is of views apply", options[index].name);
        }
    }
    if (optind + 2 != argc || strcmp(argv[optind], "show") != 0)
        return verb_usage("views", "show NAME, or apply?");
    wish.name = argv[optind + 1];
    const char *const words[] = {wish.name, wish.by, wish.from, wish.to};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (words[i] && words[i][strspn(words[i], PLAIN)])
            return verb_usage("views", "\"%s\" is no name, list of columns or date", words[i]);
    if (wish.json && wish.total && *wish.by)
        return verb_usage("views", "--json gives the rows of --by; ask for --total without it");
    return ask_and_show(&wish);
}

static int run(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "apply") == 0)
        return views_apply(argc - 1, argv + 1);
    return show_verb(argc, argv);
}

const struct verb verb_views = {"views",    "show a view as a table; fill views whose file changed",
                                views_help, run,
                                options,    "show apply"};
