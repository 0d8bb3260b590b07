/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain period: freezes what was published, and says what came after. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/timestamp.h"
#include "citybrain/plan.h"
#include "citybrain/table.h"
#include "citybrain/verb.h"
#include "model/json.h"
#include "postgres/connection.h"
#include "postgres/lock_holders.h"

#define MOST_BYTES ((size_t)256 << 20)

static const char period_help[] =
    "usage: citybrain period ls [--json]\n"
    "       citybrain period freeze NAME --from DAY --to DAY [--execute --as NAME --reason TEXT]\n"
    "       citybrain period show NAME --view VIEW [--json]\n"
    "       citybrain period adjustments NAME [--view VIEW] [--json]\n\n"
    "数字一经发布即冻结;此后的更正另列为调整。\n"
    "Numbers that were published stay: freeze keeps every cell of every view whose day lies in "
    "the\n"
    "period, as it is at this moment. The views go on: late facts, corrections and replays change "
    "them\n"
    "as ever. adjustments says what they changed in a frozen period, cell by cell: frozen, and "
    "live "
    "now\n"
    "(- where there is none). Views whose files were changed since are compared by the groups and "
    "measures\n"
    "that both have; which they are is said beside it. A period is frozen once, for ever: first it "
    "is only\n"
    "said how many cells.\n"
    "Stocks (backlog, overdue) are kept as what came and went; what there was when the period "
    "began "
    "is\n"
    "frozen with it, as the cell of the bucket `opening`, dated the day before.\n"
    "NAME is yours, such as 2026-03.\n\n"
    "  --from, --to   first and last civil day of the district, both included\n"
    "  --execute      freeze it\n"
    "  --as, --reason who freezes it and why: kept with it, and in core.audit\n"
    "  --view VIEW    closure_rate, response_time …: its counts and sums (ms) as they are kept\n"
    "  --postgres     default $CITYBRAIN_PG or \"dbname=citybrain user=citybrain\"\n\n"
    "  citybrain period freeze 2026-03 --from 2026-02-19 --to 2026-03-18 --execute --as 张三 "
    "--reason 三月月报发布\n"
    "  citybrain period adjustments 2026-03 --view closure_rate\n"
    "exit: 0 done, 1 no such period, or frozen already, 64 usage, 69 no database, or somebody "
    "holds "
    "a\n"
    "lock for longer than 5 s (who, on stderr)\n";

struct wish {
    const char *name, *from, *to, *view, *postgres;
    bool json;
    struct plan plan; /* who, and why */
};

static const char list_sql[] =
    "SELECT coalesce(json_agg(p ORDER BY p.first_day, p.name), '[]')::text FROM (SELECT name, "
    "first_day, last_day, frozen, who, reason, (SELECT count(*) FROM core.frozen_cell AS c WHERE "
    "c.period = q.name) AS cells FROM core.period AS q) AS p";

static const char show_sql[] =
    "SELECT CASE WHEN EXISTS (SELECT FROM core.period WHERE name = $1) THEN (SELECT "
    "coalesce(json_agg(c.key || c.value ORDER BY c.key), '[]') FROM core.frozen_cell AS c WHERE "
    "c.period = $1 AND c.relation = 'cell_' || $2)::text END";

static const char adjustments_sql[] =
    "SELECT CASE WHEN EXISTS (SELECT FROM core.period WHERE name = $1) THEN (SELECT "
    "coalesce(json_agg(json_build_object('table', a.relation, 'key', a.key::text, 'frozen', "
    "a.frozen::text, 'live', a.live::text) ORDER BY a.relation, a.key), '[]') FROM "
    "api.adjustments($1) AS a WHERE $2::text IS NULL OR a.relation IN ('cell_' || $2, 'hist_' || "
    "$2))::text END";

/* Views that are not as they were when the period was frozen, and how; and whether any is compared
 * (docs/decisions/0404). Bins lie beside the cells of a view that has durations. */
static const char changes_sql[] =
    "SELECT concat_ws('; ', 'changed since it was frozen, so compared by the groups and measures "
    "that both have: ' || string_agg(c.view, ', ') FILTER (WHERE c.was <> c.is_now), 'bins not "
    "compared, for there were none or nobody knows of which measures they were: ' || "
    "string_agg(c.view, ', ') FILTER (WHERE c.was IS NOT NULL AND c.bins_are_left), 'not there "
    "then, so not compared: ' || string_agg(c.view, ', ') FILTER (WHERE c.was IS NULL), 'gone "
    "since, so not compared: ' || string_agg(c.view, ', ') FILTER (WHERE c.is_now IS NULL)), "
    "coalesce(bool_or(c.was IS NOT NULL AND c.is_now IS NOT NULL), false) FROM (SELECT "
    "coalesce(v.name, s.name) AS view, s.hash AS was, v.hash AS is_now, NOT s.has_bins AND "
    "to_regclass('core.hist_' || v.name) IS NOT NULL AS bins_are_left FROM core.view AS v FULL "
    "JOIN (SELECT substr(e.key, 6) AS name, e.value ->> 'hash' AS hash, p.shapes ? ('hist_' || "
    "substr(e.key, 6)) AS has_bins FROM core.period AS p CROSS JOIN LATERAL jsonb_each(p.shapes) "
    "AS e WHERE p.name = $1 AND e.key LIKE 'cell\\_%') AS s ON s.name = v.name WHERE $2::text IS "
    "NULL OR coalesce(v.name, s.name) = $2 ORDER BY 1) AS c";

/* The views it was frozen with, where $2 is none of them. */
static const char others_sql[] =
    "SELECT (SELECT string_agg(substr(k, 6), ', ' ORDER BY k) FROM jsonb_object_keys(p.shapes) AS "
    "k WHERE k LIKE 'cell\\_%') FROM core.period AS p WHERE p.name = $1 AND NOT p.shapes ? "
    "('cell_' || $2)";

static const char goes_on_sql[] = "SELECT $1::date >= core.civil_now()::date";

/* Held from before the snapshot to our end, by who freezes and by who compares: cells that are
 * filled anew are swapped in before it or behind it, not under it, where they would look empty. */
static const char hold_sql[] =
    "SET lock_timeout = '30s'; SELECT pg_advisory_lock_shared(20120348); " LOCK_HOLDERS_PATIENCE;
/* What is to be shown is here by then, and who reads it may take his time. */
static const char release_sql[] = "SELECT pg_advisory_unlock_all()";

static const char freeze_sql[] = "SELECT core.freeze_period($1, $2::date, $3::date, $4, $5)";

static const char audit_sql[] =
    "INSERT INTO core.audit (who, verb, arguments, reason, counts) VALUES ($4, 'period freeze', $1 "
    "|| ' ' || $2 || ' ' || $3, $5, jsonb_build_object('cells', $6::bigint))";

/* ---- asking ---- */

static void show_rows(const struct wish *wish, struct span rows)
{
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    const struct json_value *value = NULL;
    size_t bad_at;
    arena_init(&arena, 16 * rows.len + 65536);
    if (wish->json)
        printf("%.*s\n", SPAN_ARG(rows));
    else if (json_read(reader, rows, &arena, &value, &bad_at) == REJECT_NONE)
        table_show(stdout, value);
    arena_fini(&arena);
    json_reader_free(reader);
}

/* `nothing` is said where no row is there. */
static int ask(const struct wish *wish, struct postgres_connection *connection, const char *sql,
               int count, const char *nothing, struct error *error)
{
    const char *values[] = {wish->name, wish->view};
    int status = VERB_OK;
    PGresult *result = PQexecParams(postgres_connection_handle(connection), sql, count, NULL,
                                    values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        postgres_connection_fail(connection, result, error);
        status = VERB_UNAVAILABLE;
    } else if (PQgetisnull(result, 0, 0)) {
        fprintf(stderr, "citybrain period: %s is not frozen; fix: citybrain period ls\n",
                wish->name);
        status = VERB_FAILED;
    } else if (!postgres_connection_run(connection, release_sql, error)) {
        status = VERB_UNAVAILABLE;
    } else {
        if (strcmp(PQgetvalue(result, 0, 0), "[]") == 0)
            fprintf(stderr, "citybrain period: %s\n", nothing);
        show_rows(wish, span_from(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0)));
    }
    PQclear(result);
    return status;
}

/* A view that was not frozen has no rows, and would look as if nothing came. */
static int ask_views(const struct wish *wish, struct postgres_connection *connection,
                     struct error *error)
{
    const char *values[] = {wish->name, wish->view};
    int status = VERB_OK;
    PGresult *result = PQexecParams(postgres_connection_handle(connection), others_sql, 2, NULL,
                                    values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        postgres_connection_fail(connection, result, error);
        status = VERB_UNAVAILABLE;
    } else if (wish->view && PQntuples(result) > 0) {
        fprintf(stderr, "citybrain period: no view \"%s\" was frozen with %s; fix: %s%s\n",
                wish->view, wish->name, PQgetisnull(result, 0, 0) ? "none was" : "one of ",
                PQgetvalue(result, 0, 0));
        status = VERB_FAILED;
    }
    PQclear(result);
    return status;
}

/* What is compared is said on stderr, where it is less than all. */
static int ask_adjustments(const struct wish *wish, struct postgres_connection *connection,
                           struct error *error)
{
    const char *values[] = {wish->name, wish->view};
    if (!postgres_connection_run(connection, hold_sql, error))
        return VERB_UNAVAILABLE;
    PGresult *result = PQexecParams(postgres_connection_handle(connection), changes_sql, 2, NULL,
                                    values, NULL, NULL, 0);
    int status = VERB_UNAVAILABLE;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        postgres_connection_fail(connection, result, error);
    else
        status = ask(wish, connection, adjustments_sql, 2,
                     strcmp(PQgetvalue(result, 0, 1), "t") == 0
                         ? "nothing that was frozen was changed since"
                         : "nothing was compared",
                     error);
    if (status == VERB_OK && PQgetlength(result, 0, 0) > 0)
        fprintf(stderr, "citybrain period: %s\n", PQgetvalue(result, 0, 0));
    PQclear(result);
    return status;
}

/* ---- freezing ---- */

static int is_refused(struct postgres_connection *connection, const struct wish *wish,
                      const PGresult *result, struct error *error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (!state || strcmp(state, "23505") != 0) {
        postgres_connection_fail(connection, result, error);
        return VERB_UNAVAILABLE;
    }
    fprintf(stderr,
            "citybrain period: %s is frozen already and stays; fix: another name, or citybrain "
            "period adjustments %s\n",
            wish->name, wish->name);
    return VERB_FAILED;
}

static bool ask_goes_on(const struct wish *wish, struct postgres_connection *connection,
                        bool *goes_on, struct error *error)
{
    const char *values[] = {wish->to};
    PGresult *result = PQexecParams(postgres_connection_handle(connection), goes_on_sql, 1, NULL,
                                    values, NULL, NULL, 0);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK ||
                postgres_connection_fail(connection, result, error);
    *goes_on = good && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    PQclear(result);
    return good;
}

static int freeze(const struct wish *wish, struct postgres_connection *connection,
                  struct error *error)
{
    char cells[24] = "0";
    int status = VERB_OK;
    const char *values[] = {wish->name,     wish->from,        wish->to,
                            wish->plan.who, wish->plan.reason, cells};
    PGconn *pg = postgres_connection_handle(connection);
    if (!postgres_connection_run(connection, hold_sql, error) ||
        !postgres_connection_run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ", error))
        return VERB_UNAVAILABLE;
    if (!wish->plan.execute) /* taken back below */
        values[3] = values[4] = "plan";
    PGresult *result = PQexecParams(pg, freeze_sql, 5, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        status = is_refused(connection, wish, result, error);
    else
        snprintf(cells, sizeof cells, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    if (status != VERB_OK)
        return status;
    if (!wish->plan.execute) {
        bool goes_on = false;
        if (!ask_goes_on(wish, connection, &goes_on, error))
            return VERB_UNAVAILABLE;
        fprintf(stderr,
                "period: %s would be %s cells of %s to %s, for ever%s; freeze it with --execute, "
                "--as NAME and --reason TEXT\n",
                wish->name, cells, wish->from, wish->to,
                goes_on ? ", though its last day is not over: what comes is its adjustment" : "");
        return postgres_connection_run(connection, "ROLLBACK", error) ? VERB_OK : VERB_UNAVAILABLE;
    }
    result = PQexecParams(pg, audit_sql, 6, NULL, values, NULL, NULL, 0);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK ||
                postgres_connection_fail(connection, result, error);
    PQclear(result);
    if (!good || !postgres_connection_run(connection, "COMMIT", error))
        return VERB_UNAVAILABLE;
    fprintf(stderr, "period: %s is frozen, %s cells\n", wish->name, cells);
    return VERB_OK;
}

/* ---- the verb ---- */

static bool is_day(const char *text)
{
    int64_t ms;
    return text && timestamp_parse(span_of(text), "%Y-%m-%d", 0, &ms);
}

static int check(const struct wish *wish, const char *what)
{
    bool lists = strcmp(what, "ls") == 0, freezes = strcmp(what, "freeze") == 0,
         shows = strcmp(what, "show") == 0;
    if (!lists && !freezes && !shows && strcmp(what, "adjustments") != 0)
        return verb_usage("period", "ls, freeze, show or adjustments, not \"%s\"", what);
    if (!lists && (!wish->name || !wish->name[0]))
        return verb_usage("period", "%s needs the period's NAME", what);
    if (shows && !wish->view)
        return verb_usage("period", "show needs --view VIEW");
    if (!freezes)
        return VERB_OK;
    if (!is_day(wish->from) || !is_day(wish->to) || strcmp(wish->from, wish->to) > 0)
        return verb_usage("period", "freeze needs --from DAY and --to DAY, such as 2026-02-19");
    return plan_check(&wish->plan);
}

static void say_error(const struct wish *wish, bool writes, const struct error *error)
{
    struct strbuf text;
    strbuf_init(&text, 512, 65536);
    const char *fix = postgres_connection_fix(error);
    strbuf_addf(&text, "citybrain period: %s%s%s\n", error->text, fix, *fix ? "--postgres" : "");
    if (lock_holders_is(error))
        lock_holders_add(&text, wish->postgres, writes);
    fputs(text.at, stderr);
    strbuf_fini(&text);
}

static int run_wish(const struct wish *wish, const char *what)
{
    struct error error = {0};
    struct postgres_connection *connection =
        postgres_connection_new(wish->postgres, "citybrain period", LOCK_HOLDERS_PATIENCE);
    int status = VERB_UNAVAILABLE;
    if (!postgres_connection_open(connection, &error))
        status = VERB_UNAVAILABLE;
    else if (strcmp(what, "ls") == 0)
        status = ask(wish, connection, list_sql, 0,
                     "no period is frozen; citybrain period --help says how", &error);
    else if (strcmp(what, "freeze") == 0)
        status = freeze(wish, connection, &error);
    else if ((status = ask_views(wish, connection, &error)) == VERB_OK)
        status = strcmp(what, "show") == 0
                     ? ask(wish, connection, show_sql, 2, "the view has no cell in it", &error)
                     : ask_adjustments(wish, connection, &error);
    postgres_connection_free(connection);
    if (error.kind != ERROR_NONE)
        say_error(wish, strcmp(what, "freeze") == 0, &error);
    return status;
}

static const struct option options[] = {
    {"from", 1, 0, 'f'},     {"to", 1, 0, 't'},      {"view", 1, 0, 'v'},
    {"json", 0, 0, 'j'},     {"as", 1, 0, 'A'},      {"reason", 1, 0, 'R'},
    {"postgres", 1, 0, 'g'}, {"execute", 0, 0, 'X'}, {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    const char *postgres = getenv("CITYBRAIN_PG");
    struct wish wish = {.postgres = postgres ? postgres : "dbname=citybrain user=citybrain",
                        .plan = {.verb = "period freeze"}};
    for (int c, status; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (plan_option(&wish.plan, c, optarg, &status))
            continue;
        switch (c) {
        case 'f': wish.from = optarg; break;
        case 't': wish.to = optarg; break;
        case 'v': wish.view = optarg; break;
        case 'j': wish.json = true; break;
        case 'g': wish.postgres = optarg; break;
        default: return verb_bad_option("period", argv);
        }
    }
    const char *what = optind < argc ? argv[optind] : "";
    wish.name = optind + 1 < argc ? argv[optind + 1] : NULL;
    if (optind + 2 < argc)
        return verb_usage("period", "what is \"%s\"?", argv[optind + 2]);
    int status = check(&wish, what);
    return status == VERB_OK ? run_wish(&wish, what) : status;
}

const struct verb verb_period = {"period",    "freeze what was published, and what came after",
                                 period_help, run,
                                 options,     "ls freeze show adjustments"};
