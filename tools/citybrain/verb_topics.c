/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain topics: makes the declared topics and says what differs. Daemons never create any. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "citybrain/topics_file.h"
#include "citybrain/verb.h"

static const char topics_help[] =
    "usage: citybrain topics apply|ls [--config DIR] [--brokers HOST:PORT,…] [--prefix P] "
    "[--json]\n\n"
    "  apply   create what config/topics.yaml declares and the brokers lack; a topic that has "
    "another\n"
    "          number of partitions is named and left alone (keys would move)\n"
    "  ls      the topics that are there, with their partitions\n\n"
    "Brokers: --brokers, else $CITYBRAIN_BROKERS, else 127.0.0.1:29092. Replication: 3 where "
    "three\n"
    "brokers run, else 1. --json: one object a topic: topic, partitions, and of apply outcome\n"
    "(created, there, wrong_partitions, failed).\n"
    "exit: 0 as declared, 1 something differs, 69 no broker, 78 configuration\n";

struct where {
    const char *config_dir, *prefix;
    bool json;
    struct kafka_settings settings;
};

static void show_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static void show_topic(void *context, const char *name, int32_t partitions)
{
    const struct where *where = context;
    printf(where->json ? "{\"topic\":\"%s\",\"partitions\":%d}\n" : "%-40s %d\n", name, partitions);
}

static void show_outcomes(const struct admin_topic *topics, size_t count,
                          const enum admin_outcome *outcomes)
{
    static const char *const words[] = {[ADMIN_CREATED] = "created",
                                        [ADMIN_EXISTS] = "there",
                                        [ADMIN_WRONG_PARTITIONS] = "wrong_partitions",
                                        [ADMIN_FAILED] = "failed"};
    for (size_t i = 0; i < count; i++)
        printf("{\"topic\":\"%s\",\"partitions\":%d,\"outcome\":\"%s\"}\n", topics[i].name,
               topics[i].partitions, words[outcomes[i]]);
}

static int report(const struct where *where, const struct admin_topic *topics, size_t count,
                  const enum admin_outcome *outcomes)
{
    size_t created = 0, exists = 0, differs = 0;
    for (size_t i = 0; i < count; i++) {
        created += outcomes[i] == ADMIN_CREATED;
        exists += outcomes[i] == ADMIN_EXISTS;
        if (where->json)
            continue;
        if (outcomes[i] == ADMIN_WRONG_PARTITIONS)
            printf(
                "%s: not %d partitions; left alone: keys would move. Make a new name or prefix\n",
                topics[i].name, topics[i].partitions);
        else if (outcomes[i] == ADMIN_FAILED)
            printf("%s: could not be created\n", topics[i].name);
    }
    if (where->json)
        show_outcomes(topics, count, outcomes);
    differs = count - created - exists;
    fprintf(stderr, "topics: %zu created, %zu there already, %zu differ\n", created, exists,
            differs);
    return differs ? VERB_FAILED : VERB_OK;
}

static int apply(const struct where *where, struct admin *admin, struct error *error)
{
    int32_t brokers = admin_broker_count(admin, error);
    if (brokers < 1)
        return VERB_UNAVAILABLE;
    struct diagnostics *diagnostics = diagnostics_new();
    struct topics_file *file =
        topics_file_load(where->config_dir, where->prefix, brokers >= 3 ? 3 : 1, diagnostics);
    int status = VERB_CONFIG;
    if (!file || diagnostics_errors(diagnostics)) {
        diagnostics_each(diagnostics, show_line, stderr);
        error->text[0] = '\0';
    } else {
        size_t count;
        const struct admin_topic *topics = topics_file_topics(file, &count);
        enum admin_outcome *outcomes = xcalloc(count, sizeof *outcomes);
        status = admin_apply(admin, topics, count, outcomes, error)
                     ? report(where, topics, count, outcomes)
                     : VERB_UNAVAILABLE;
        free(outcomes);
    }
    topics_file_free(file);
    diagnostics_free(diagnostics);
    return status;
}

static const struct option options[] = {{"config", 1, 0, 'c'},
                                        {"brokers", 1, 0, 'b'},
                                        {"prefix", 1, 0, 'p'},
                                        {"json", 0, 0, 'j'},
                                        {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    const char *brokers = getenv("CITYBRAIN_BROKERS");
    struct where where = {.config_dir = verb_config_dir(), .prefix = getenv("CITYBRAIN_PREFIX")};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'c': where.config_dir = optarg; break;
        case 'b': brokers = optarg; break;
        case 'p': where.prefix = optarg; break;
        case 'j': where.json = true; break;
        default: return verb_bad_option("topics", argv);
        }
    }
    bool is_apply = optind < argc && strcmp(argv[optind], "apply") == 0;
    bool is_list = optind < argc && strcmp(argv[optind], "ls") == 0;
    if (!is_apply && !is_list)
        return verb_usage("topics", "apply or ls?");
    where.settings = (struct kafka_settings){.brokers = brokers ? brokers : "127.0.0.1:29092",
                                             .prefix = where.prefix ? where.prefix : "cb.",
                                             .group = "citybrain",
                                             .slot = 1};
    struct error error = {0};
    struct admin *admin = admin_open(&where.settings, &error);
    int status = VERB_UNAVAILABLE;
    if (admin && is_apply)
        status = apply(&where, admin, &error);
    else if (admin && admin_list(admin, where.settings.prefix, show_topic, &where, &error))
        status = VERB_OK;
    if (status == VERB_UNAVAILABLE)
        fprintf(stderr, "citybrain topics: %s\n", error.text);
    if (error.code == RD_KAFKA_RESP_ERR__TRANSPORT)
        fprintf(stderr, "no broker at %s; fix: start it, or name others by --brokers\n",
                where.settings.brokers);
    if (admin)
        admin_close(admin);
    return status;
}

const struct verb verb_topics = {"topics",    "make the declared topics, list those that are there",
                                 topics_help, run,
                                 options,     "apply ls"};
