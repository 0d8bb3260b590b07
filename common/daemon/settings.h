/* SPDX-License-Identifier: Apache-2.0 */
/* The settings every daemon has, as rows for its own table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/diagnostics.h"
#include "config/schema.h"
#include "daemon/options.h"

struct daemon_settings {
    const char *admin;
    const char *disks; /* folders, with commas between them */
    int64_t drain_deadline_ms;
    int log_level; /* enum log_level */
};

extern const char *const daemon_log_levels[];

#define DAEMON_SETTING_ROWS(type, member, default_admin)                                           \
    {"daemon.admin",                                                                               \
     SETTING_TEXT,                                                                                 \
     offsetof(type, member.admin),                                                                 \
     default_admin,                                                                                \
     0,                                                                                            \
     0,                                                                                            \
     NULL,                                                                                         \
     NULL,                                                                                         \
     "host:port of /livez /readyz /metrics; loopback unless a proxy stands before it"},            \
        {"daemon.disks",                                                                           \
         SETTING_TEXT,                                                                             \
         offsetof(type, member.disks),                                                             \
         ".",                                                                                      \
         0,                                                                                        \
         0,                                                                                        \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "folders whose file systems are watched for room, with commas between them"},             \
        {"daemon.drain_deadline",                                                                  \
         SETTING_DURATION,                                                                         \
         offsetof(type, member.drain_deadline_ms),                                                 \
         "10s",                                                                                    \
         100,                                                                                      \
         600000,                                                                                   \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "longest wait between SIGTERM and the end"},                                              \
    {                                                                                              \
        "daemon.log_level", SETTING_ENUM, offsetof(type, member.log_level), "info", 0, 0,          \
            daemon_log_levels, "CITYBRAIN_LOG_LEVEL", "debug | info | warn | error"                \
    }

/* A service's settings by its own table: file of --config, environment, --set words. `rdkafka:` is
 * the one section that is passed through (settings_section). NULL on error, with findings. */
struct settings *daemon_settings_load(const struct options *options, const struct setting *table,
                                      size_t rows, void *config, struct diagnostics *diagnostics);
/* What was found is told on stderr, a line each, as `citybrain check` tells it. False when
 * something is wrong: *error says how much. */
bool daemon_settings_accept(const struct diagnostics *diagnostics, struct error *error);
