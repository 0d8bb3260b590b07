/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain lag: how far each group of daemons is behind. Ingest and router commit their positions
 * to Kafka; the aggregator keeps its own beside its cells in PostgreSQL, and there they are asked
 * for, read-only. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/strbuf.h"
#include "citybrain/verb.h"
#include "kafka/lag.h"
#include "postgres/connection.h"
#include "postgres/lock_holders.h"

static const char lag_help[] =
    "usage: citybrain lag [--group ingest|router|aggregator] [--partitions] [--json]\n"
    "                     [--brokers HOST:PORT,…] [--prefix P] [--postgres CONNINFO]\n\n"
    "How far each daemon is behind what it reads: ingest on raw and status.*, the router on "
    "events\n"
    "and signals, the aggregator on events. records: unread offsets (transaction markers between\n"
    "records count, alone they do not). seconds: since the oldest unread record was written; -\n"
    "where it is not known.\n\n"
    "  --partitions   one row a partition too, where there is something unread (--json: all)\n"
    "Brokers: --brokers, else $CITYBRAIN_BROKERS, else 127.0.0.1:29092. The aggregator's "
    "positions:\n"
    "--postgres, else $CITYBRAIN_PG, else \"dbname=citybrain user=citybrain\".\n"
    "--json: a group that could not be asked is not in groups but in missing, with why; the total\n"
    "is there only where none is missing.\n"
    "exit: 0 all were asked, 69 brokers or database did not answer, or somebody holds a lock for\n"
    "longer than 5 s (why, and who, on stderr)\n";

struct group {
    const char *name;
    const char *topics[2];
    size_t topic_count;
    bool in_postgres;
};

static const struct group groups[] = {
    {"ingest", {"raw", "status.*"}, 2, false},
    {"router", {"events", "signals"}, 2, false},
    {"aggregator", {"events"}, 1, true},
};

struct question {
    const char *group; /* NULL = all */
    const char *postgres;
    bool partitions, json;
    struct kafka_settings settings;
    int64_t now_ms;
    int64_t records, oldest_ms;       /* of all groups; oldest -1 = none */
    struct strbuf text, missing, why; /* missing: of --json */
};

static bool ask_postgres(const struct question *question, struct lag *lag, struct error *error)
{
    struct postgres_connection *connection =
        postgres_connection_new(question->postgres, "citybrain lag",
                                "SET default_transaction_read_only = on; SET statement_timeout = "
                                "'15s'; " LOCK_HOLDERS_PATIENCE);
    char topic[KAFKA_MAX_NAME];
    kafka_client_name(&question->settings, "events", topic, sizeof topic);
    bool good = postgres_connection_open(connection, error);
    if (good) {
        const char *values[] = {topic};
        PGresult *result = PQexecParams(postgres_connection_handle(connection),
                                        "SELECT part, next_offset FROM core.kafka_offset WHERE "
                                        "topic = $1",
                                        1, NULL, values, NULL, NULL, 0);
        good = PQresultStatus(result) == PGRES_TUPLES_OK ||
               postgres_connection_fail(connection, result, error);
        for (int i = 0; good && i < PQntuples(result); i++)
            lag_set_position(lag, topic, (int32_t)strtol(PQgetvalue(result, i, 0), NULL, 10),
                             strtoll(PQgetvalue(result, i, 1), NULL, 10));
        PQclear(result);
    }
    postgres_connection_free(connection);
    return good;
}

/* Of what was written at oldest_ms; a writer's clock may be a little ahead of ours. */
static int64_t age_of(const struct question *question, int64_t oldest_ms)
{
    return question->now_ms > oldest_ms ? question->now_ms - oldest_ms : 0;
}

static void add_seconds(const struct question *question, struct strbuf *out, int64_t records,
                        int64_t oldest_ms)
{
    int64_t ms = records == 0 ? 0 : age_of(question, oldest_ms);
    if (records > 0 && oldest_ms < 0)
        strbuf_add(out, question->json ? SPAN("null") : SPAN("-"));
    else
        strbuf_addf(out, "%" PRId64 ".%03" PRId64, ms / 1000, ms % 1000);
}

static void add_partition(struct question *question, const struct lag_row *row, bool first)
{
    struct strbuf *out = &question->text;
    if (question->json)
        strbuf_addf(out,
                    "%s{\"topic\":\"%s\",\"partition\":%d,\"position\":%" PRId64 ",\"end\":%" PRId64
                    ",\"records\":%" PRId64 ",\"seconds\":",
                    first ? "" : ",", row->topic, row->partition, row->position, row->end,
                    row->records);
    else if (row->records > 0)
        strbuf_addf(out, "%s/%d\t%" PRId64 "\t", row->topic, row->partition, row->records);
    else
        return;
    add_seconds(question, out, row->records, row->oldest_ms);
    strbuf_add_char(out, question->json ? '}' : '\n');
}

static void add_group(struct question *question, const char *name, int64_t records,
                      int64_t oldest_ms, const struct lag *lag)
{
    struct strbuf *out = &question->text;
    size_t count = 0;
    const struct lag_row *rows = lag ? lag_rows(lag, &count) : NULL;
    if (question->json)
        strbuf_addf(out, "%s{\"group\":\"%s\",\"records\":%" PRId64 ",\"seconds\":",
                    out->len && out->at[out->len - 1] == '}' ? "," : "", name, records);
    else
        strbuf_addf(out, "%s\t%" PRId64 "\t", name, records);
    add_seconds(question, out, records, oldest_ms);
    if (!question->json)
        strbuf_add_char(out, '\n');
    if (question->json && question->partitions && lag)
        strbuf_add(out, SPAN(",\"partitions\":["));
    for (size_t i = 0; question->partitions && i < count; i++)
        add_partition(question, &rows[i], i == 0);
    if (question->json)
        strbuf_add(out, question->partitions && lag ? SPAN("]}") : SPAN("}"));
}

static void older(int64_t *oldest_ms, int64_t ms)
{
    if (ms >= 0 && (*oldest_ms < 0 || ms < *oldest_ms))
        *oldest_ms = ms;
}

static bool ask_group(struct question *question, const struct group *group, struct error *error)
{
    struct kafka_settings settings = question->settings;
    int64_t records = 0, oldest_ms = -1;
    size_t count;
    settings.group = group->name;
    struct lag *lag = lag_open(&settings, error);
    bool good =
        lag && lag_list(lag, group->topics, group->topic_count, error) &&
        (group->in_postgres ? ask_postgres(question, lag, error) : lag_ask_committed(lag, error)) &&
        lag_measure(lag, error);
    const struct lag_row *rows = good ? lag_rows(lag, &count) : NULL;
    for (size_t i = 0; rows && i < count; i++) {
        records += rows[i].records;
        older(&oldest_ms, rows[i].oldest_ms);
    }
    if (good) {
        question->records += records;
        older(&question->oldest_ms, oldest_ms);
        add_group(question, group->name, records, oldest_ms, lag);
    }
    lag_close(lag);
    return good;
}

static int64_t host_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Why it could not be asked, and what mends that. */
static void say_why(struct question *question, const struct group *group, const struct error *error)
{
    struct strbuf *why = &question->why;
    strbuf_reset(why);
    strbuf_addf(why, "%s\n", error->text);
    if (group->in_postgres && lock_holders_is(error))
        lock_holders_add(why, question->postgres, false);
    else if (group->in_postgres && strstr(error->text, "statement timeout"))
        strbuf_addf(why, "fix: docs/runbooks/database-away.md\n");
    if (error->code == RD_KAFKA_RESP_ERR__TRANSPORT)
        strbuf_addf(why, "no broker at %s; fix: start it, or name others by --brokers\n",
                    question->settings.brokers);
}

static void add_missing(struct question *question, const char *name)
{
    struct span why = strbuf_span(&question->why);
    strbuf_addf(&question->missing,
                "%s{\"group\":\"%s\",\"why\":", question->missing.len ? "," : "", name);
    strbuf_add_json(&question->missing, span_from(why.at, why.len - 1));
    strbuf_add_char(&question->missing, '}');
}

/* Where no broker answers the other groups need not be asked: they are missing for the same. */
static int ask_all(struct question *question)
{
    int status = VERB_OK;
    bool brokers_away = false;
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
        struct error error = {0};
        if (question->group && strcmp(question->group, groups[i].name) != 0)
            continue;
        if (!brokers_away && ask_group(question, &groups[i], &error))
            continue;
        if (!brokers_away) {
            say_why(question, &groups[i], &error);
            fprintf(stderr, "citybrain lag: %s: %s", groups[i].name, question->why.at);
        }
        add_missing(question, groups[i].name);
        status = VERB_UNAVAILABLE;
        brokers_away = brokers_away || error.code == RD_KAFKA_RESP_ERR__TRANSPORT;
    }
    return status;
}

static int answer(struct question *question)
{
    strbuf_init(&question->text, 4096, 4 << 20);
    strbuf_init(&question->missing, 1024, 65536);
    strbuf_init(&question->why, 1024, 65536);
    question->now_ms = host_now_ms();
    question->oldest_ms = -1;
    int status = ask_all(question);
    if (status == VERB_OK && !question->group)
        add_group(question, "total", question->records, question->oldest_ms, NULL);
    if (question->json)
        printf("{\"now_ms\":%" PRId64 ",\"groups\":[%s],\"missing\":[%s]}\n", question->now_ms,
               question->text.at, question->missing.at);
    else if (question->text.len)
        printf("group\trecords\tseconds\n%s", question->text.at);
    strbuf_fini(&question->text);
    strbuf_fini(&question->missing);
    strbuf_fini(&question->why);
    return status;
}

static bool is_group(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++)
        if (strcmp(name, groups[i].name) == 0)
            return true;
    return false;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a ? a : b ? b : c;
}

static const struct option options[] = {
    {"group", 1, 0, 'g'},  {"partitions", 0, 0, 'a'}, {"json", 0, 0, 'j'}, {"brokers", 1, 0, 'b'},
    {"prefix", 1, 0, 'p'}, {"postgres", 1, 0, 'd'},   {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    const char *brokers = NULL, *prefix = NULL, *postgres = NULL;
    struct question question = {0};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'g': question.group = optarg; break;
        case 'a': question.partitions = true; break;
        case 'j': question.json = true; break;
        case 'b': brokers = optarg; break;
        case 'p': prefix = optarg; break;
        case 'd': postgres = optarg; break;
        default: return verb_bad_option("lag", argv);
        }
    }
    if (optind != argc)
        return verb_usage("lag", "\"%s\" is not understood", argv[optind]);
    if (question.group && !is_group(question.group))
        return verb_usage("lag", "--group \"%s\" is not ingest, router or aggregator",
                          question.group);
    question.postgres =
        first_of(postgres, getenv("CITYBRAIN_PG"), "dbname=citybrain user=citybrain");
    question.settings = (struct kafka_settings){
        .brokers = first_of(brokers, getenv("CITYBRAIN_BROKERS"), "127.0.0.1:29092"),
        .prefix = first_of(prefix, getenv("CITYBRAIN_PREFIX"), "cb."),
        .slot = 1,
    };
    return answer(&question);
}

const struct verb verb_lag = {"lag",    "how far each daemon is behind, in records and in seconds",
                              lag_help, run,
                              options,  NULL};
