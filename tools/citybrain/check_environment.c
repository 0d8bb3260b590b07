/* SPDX-License-Identifier: Apache-2.0 */
/* Only asks. What is there and otherwise than declared is a warning where a daemon copes with it,
 * an error where one would stand still, forget, or lose. */
#include "citybrain/check_environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "citybrain/topics_file.h"
#include "postgres/connection.h"

#define OLDEST_POSTGRES 150000
#define MOST_TEXT       256

struct environment {
    struct diagnostics *diagnostics;
    const struct admin_topic *topics; /* declared */
    size_t count;
    const char **names; /* owned: of those that are there, by the same index as `present` */
    const struct admin_topic **present; /* owned */
    size_t present_count;
    int32_t *partitions; /* owned, by declared topic; 0 = missing */
};

static struct place at(const char *what)
{
    return (struct place){what, 0, 0};
}

/* ---- topics ---- */

static void note_topic(void *context, const char *name, int32_t partitions)
{
    struct environment *environment = context;
    for (size_t i = 0; i < environment->count; i++)
        if (strcmp(environment->topics[i].name, name) == 0)
            environment->partitions[i] = partitions;
}

static void check_topics(struct environment *environment)
{
    for (size_t i = 0; i < environment->count; i++) {
        const struct admin_topic *topic = &environment->topics[i];
        if (environment->partitions[i] == 0) {
            diagnostics_add(environment->diagnostics, at(topic->name), "citybrain topics apply",
                            "the topic is missing");
            continue;
        }
        if (environment->partitions[i] != topic->partitions)
            diagnostics_add(environment->diagnostics, at(topic->name),
                            "make a new topic under another name or prefix: keys would move",
                            "it has %d partitions and not %d", (int)environment->partitions[i],
                            (int)topic->partitions);
        environment->names[environment->present_count] = topic->name;
        environment->present[environment->present_count++] = topic;
    }
}

/* Compaction is what keeps a state, a duty or a contact; deleting by age would forget them. */
static void check_setting(void *context, size_t index, const char *name, const char *value)
{
    const struct environment *environment = context;
    const struct admin_topic *topic = environment->present[index];
    for (size_t i = 0; i < topic->config_count; i++) {
        char fix[MOST_TEXT];
        if (strcmp(topic->config[i].name, name) != 0 || strcmp(topic->config[i].value, value) == 0)
            continue;
        snprintf(fix, sizeof fix,
                 "kafka-configs --alter --entity-type topics --entity-name %s "
                 "--add-config %s=%s",
                 topic->name, name, topic->config[i].value);
        if (strcmp(name, "cleanup.policy") == 0 || strcmp(name, "message.timestamp.type") == 0)
            diagnostics_add(environment->diagnostics, at(topic->name), fix, "%s is %s and not %s",
                            name, value, topic->config[i].value);
        else
            diagnostics_warn(environment->diagnostics, at(topic->name), fix, "%s is %s and not %s",
                             name, value, topic->config[i].value);
    }
}

/* ---- brokers ---- */

static const struct broker_setting {
    const char *name;
    int64_t least, most;
    bool stops; /* a daemon would lose its place */
    const char *why;
} broker_settings[] = {
    {"offsets.retention.minutes", INT64_C(60) * 24 * 60, INT64_MAX, true,
     "a group that stood still for so long would begin anew"},
    {"transaction.max.timeout.ms", 0, 60000, false,
     "another's hanging transaction may hold readers back as long"},
    {"transaction.abort.timed.out.transaction.cleanup.interval.ms", 0, 1000, false,
     "a dead process's transaction is aborted as late"},
};

static void check_broker(void *context, size_t index, const char *name, const char *value)
{
    const struct environment *environment = context;
    (void)index;
    if (strcmp(name, "auto.create.topics.enable") == 0 && strcmp(value, "false") != 0)
        diagnostics_warn(environment->diagnostics, at("brokers"), "auto.create.topics.enable=false",
                         "brokers make topics by themselves, with another number of partitions");
    for (size_t i = 0; i < ARRAY_LENGTH(broker_settings); i++) {
        const struct broker_setting *wanted = &broker_settings[i];
        int64_t number;
        char fix[MOST_TEXT];
        if (strcmp(name, wanted->name) != 0 || !span_to_int64(span_of(value), &number) ||
            (number >= wanted->least && number <= wanted->most))
            continue;
        snprintf(fix, sizeof fix, "%s=%lld", name,
                 (long long)(number < wanted->least ? wanted->least : wanted->most));
        (wanted->stops ? diagnostics_add : diagnostics_warn)(
            environment->diagnostics, at("brokers"), fix, "%s is %s: %s", name, value, wanted->why);
    }
}

static bool ask_brokers(struct environment *environment, struct admin *admin, const char *prefix,
                        struct error *error)
{
    environment->partitions = xcalloc(environment->count + 1, sizeof *environment->partitions);
    /* Arrays of pointers. NOLINTBEGIN(bugprone-sizeof-expression) */
    environment->names = xcalloc(environment->count + 1, sizeof *environment->names);
    environment->present = xcalloc(environment->count + 1, sizeof *environment->present);
    /* NOLINTEND(bugprone-sizeof-expression) */
    bool good = admin_list(admin, prefix, note_topic, environment, error);
    if (good) {
        check_topics(environment);
        good = admin_describe_topics(admin, environment->names, environment->present_count,
                                     check_setting, environment, error) &&
               admin_describe_broker(admin, check_broker, environment, error);
    }
    free(environment->partitions);
    free(environment->names);
    free(environment->present);
    return good;
}

static bool check_kafka(const char *folder, const struct kafka_settings *settings,
                        struct diagnostics *diagnostics)
{
    struct error error = {0};
    struct environment environment = {.diagnostics = diagnostics};
    struct topics_file *file = topics_file_load(folder, settings->prefix, 1, diagnostics);
    struct admin *admin = file ? admin_open(settings, &error) : NULL;
    bool good = !file;
    if (admin) {
        environment.topics = topics_file_topics(file, &environment.count);
        good = ask_brokers(&environment, admin, settings->prefix, &error);
        admin_close(admin);
    }
    topics_file_free(file);
    if (!good)
        fprintf(stderr,
                "citybrain check: %s: %s; fix: start the brokers, or name them by --brokers\n",
                settings->brokers, error.text);
    return good;
}

/* ---- the database ---- */

static bool check_postgres(const char *conninfo, struct diagnostics *diagnostics)
{
    struct error error = {0};
    struct postgres_connection *connection = postgres_connection_new(
        conninfo, "citybrain check", "SET default_transaction_read_only = on");
    bool good = postgres_connection_open(connection, &error);
    if (good) {
        int version = PQserverVersion(postgres_connection_handle(connection));
        if (version < OLDEST_POSTGRES)
            diagnostics_add(diagnostics, at("postgres"), "PostgreSQL 15 or newer",
                            "the server is of version %d", version / 10000);
        PGresult *result =
            PQexec(postgres_connection_handle(connection), "SELECT pg_is_in_recovery()");
        if (PQresultStatus(result) != PGRES_TUPLES_OK)
            good = postgres_connection_fail(connection, result, &error);
        else if (PQgetvalue(result, 0, 0)[0] == 't')
            diagnostics_add(diagnostics, at("postgres"),
                            "name both servers: host=A,B target_session_attrs=read-write",
                            "the server is a standby: nothing can be written there");
        PQclear(result);
    }
    if (!good)
        fprintf(stderr, "citybrain check: %s; fix: start it, or name it by --postgres\n",
                error.text);
    postgres_connection_free(connection);
    return good;
}

bool check_environment(const char *folder, const struct kafka_settings *settings,
                       const char *postgres, struct diagnostics *diagnostics)
{
    bool kafka = check_kafka(folder, settings, diagnostics);
    return check_postgres(postgres, diagnostics) && kafka;
}
