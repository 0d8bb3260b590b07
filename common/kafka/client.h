/* SPDX-License-Identifier: Apache-2.0 */
/* Settings every Kafka handle shares, their table rows, and the library's version gate. `rdkafka:`
 * entries of the file are passed through as they are, so TLS and SASL need no code. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/schema.h"

struct kafka_settings {
    const char *brokers; /* env CITYBRAIN_BROKERS */
    const char *prefix;  /* "cb." */
    const char *group;
    int64_t slot; /* 1..; makes group.instance.id and transactional.id */
    int64_t transaction_timeout_ms, session_timeout_ms, commit_every_ms;
    int64_t commit_records, commit_bytes;
    int64_t queued_bytes; /* queued.max.messages.kbytes of the group consumer */
    const char *note_dir; /* poison notes and parked lists; created when missing */
    const struct yaml_node
        *extra; /* the rdkafka: map, or NULL; set by the service after settings_load */
};

/* Rows for a service's settings table: `member` is its struct kafka_settings. Defined in client.h
 * as a macro so that offsets are compile-time constants. */
#define KAFKA_SETTING_ROWS(type, member, group_name, commit_size)                                  \
    {"kafka.brokers",                                                                              \
     SETTING_TEXT,                                                                                 \
     offsetof(type, member.brokers),                                                               \
     "127.0.0.1:29092",                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     NULL,                                                                                         \
     "CITYBRAIN_BROKERS",                                                                          \
     "host:port[,host:port]"},                                                                     \
        {"kafka.prefix", SETTING_TEXT,       offsetof(type, member.prefix),  "cb.", 0, 0,          \
         NULL,           "CITYBRAIN_PREFIX", "put before every topic's name"},                     \
        {"kafka.group", SETTING_TEXT, offsetof(type, member.group),        group_name, 0, 0,       \
         NULL,          NULL,         "consumer group, without the prefix"},                       \
        {"kafka.slot",                                                                             \
         SETTING_INT,                                                                              \
         offsetof(type, member.slot),                                                              \
         "1",                                                                                      \
         1,                                                                                        \
         999,                                                                                      \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "this process's fixed place in its group; two processes with one slot fence each other"}, \
        {"kafka.transaction_timeout",                                                              \
         SETTING_DURATION,                                                                         \
         offsetof(type, member.transaction_timeout_ms),                                            \
         "15s",                                                                                    \
         2000,                                                                                     \
         60000,                                                                                    \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "after it the broker aborts a dead process's transaction"},                               \
        {"kafka.session_timeout",                                                                  \
         SETTING_DURATION,                                                                         \
         offsetof(type, member.session_timeout_ms),                                                \
         "15s",                                                                                    \
         6000,                                                                                     \
         300000,                                                                                   \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "after it a silent member loses its partitions"},                                         \
        {"kafka.commit_every",                                                                     \
         SETTING_DURATION,                                                                         \
         offsetof(type, member.commit_every_ms),                                                   \
         "100ms",                                                                                  \
         10,                                                                                       \
         10000,                                                                                    \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "longest time a transaction stays open; five times it in a backlog"},                     \
        {"kafka.commit_records",                                                                   \
         SETTING_INT,                                                                              \
         offsetof(type, member.commit_records),                                                    \
         "20000",                                                                                  \
         1,                                                                                        \
         1000000,                                                                                  \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "most input records in a transaction"},                                                   \
        {"kafka.commit_bytes",                                                                     \
         SETTING_SIZE,                                                                             \
         offsetof(type, member.commit_bytes),                                                      \
         commit_size,                                                                              \
         1024,                                                                                     \
         1 << 28,                                                                                  \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "most bytes that a transaction's outputs take in memory; four times it in a backlog"},    \
        {"kafka.queued_bytes",                                                                     \
         SETTING_SIZE,                                                                             \
         offsetof(type, member.queued_bytes),                                                      \
         "3MiB",                                                                                   \
         65536,                                                                                    \
         1 << 30,                                                                                  \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "records fetched ahead"},                                                                 \
    {                                                                                              \
        "kafka.note_dir", SETTING_TEXT, offsetof(type, member.note_dir), ".run/notes", 0, 0, NULL, \
            "CITYBRAIN_NOTE_DIR", "small files that survive a crash: poison notes, parked units"   \
    }

/* Refuses versions with known loss (2.1.0-2.6.0, 2.10.0); logs the version in use. */
bool kafka_client_check_version(struct error *error);
/* A conf with brokers, client.id, pass-through entries and our defaults; the caller adds its own.
 */
rd_kafka_conf_t *kafka_client_conf(const struct kafka_settings *settings, const char *role,
                                   struct error *error);
bool kafka_client_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                      struct error *error);
bool kafka_client_set_int(rd_kafka_conf_t *conf, const char *name, int64_t value,
                          struct error *error);
/* Like kafka_client_set, but an `rdkafka:` entry of that name wins: for speed, never for
 * correctness. */
bool kafka_client_tune(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                       const char *name, const char *value, struct error *error);
/* A consumer's bounded read-ahead. */
bool kafka_client_tune_fetch(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                             const char *wait_ms, struct error *error);
/* Does this library have that property? */
bool kafka_client_knows(const char *name, const char *value);
/* Takes `conf`, also when it fails. */
rd_kafka_t *kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error);
/* prefix + topic; returns buffer. */
#define KAFKA_MAX_NAME 256
char *kafka_client_name(const struct kafka_settings *settings, const char *topic, char *buffer,
                        size_t size);
/* Takes `cause`; returns false. */
bool kafka_client_error(struct error *error, enum error_kind kind, const char *what,
                        rd_kafka_error_t *cause);
/* Largest record we write: below every topic's max.message.bytes (2 MiB for raw and dead) with its
 * overhead. */
#define KAFKA_MAX_RECORD_TEXT "2000000"
