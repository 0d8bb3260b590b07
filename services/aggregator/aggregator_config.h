/* SPDX-License-Identifier: Apache-2.0 */
/* The aggregator's settings, and the kinds and views they point to. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aggregator/core/batch.h"
#include "aggregator/core/namespace_list.h"
#include "aggregator/core/station_report.h"
#include "aggregator/core/title_list.h"
#include "aggregator/core/trigger_forms.h"
#include "aggregator/core/type_groups.h"
#include "config/schema.h"
#include "daemon/options.h"
#include "daemon/settings.h"
#include "daemon/share.h"
#include "kafka/client.h"
#include "model/registry.h"
#include "model/token_table.h"

/* Who needs no token and sees everything. */
enum aggregator_open {
    AGGREGATOR_OPEN_NOBODY,
    AGGREGATOR_OPEN_LOOPBACK, /* whoever reaches the address, which must be a loopback one */
    AGGREGATOR_OPEN_ANYBODY
};

struct aggregator_config {
    struct daemon_settings daemon;
    struct kafka_settings kafka;
    const char *config_dir;
    const char *postgres, *api, *web, *charts, *door, *sql_dir, *zone;
    const char *api_postgres, *tokens_file;
    const char *verified;       /* where citybrain verify leaves its note */
    char shared[3][SHARE_PATH]; /* where sql_dir, web and charts are found beside the program */
    int api_open;               /* enum aggregator_open */
    int64_t api_lanes, api_timeout_ms, api_rate, api_burst, api_connections, api_waiting;
    int64_t batch_records, batch_every_ms, batch_bytes;
    int64_t keep_observations_ms; /* 0 = for ever */
    struct settings *settings;    /* owned, as what stands below */
    struct codes *codes;
    struct kinds *kinds;
    struct views *views;
    struct registry *units, *types, *divisions; /* their names */
    struct type_groups *type_groups;            /* and which types are one matter */
    struct title_list *triggers, *feeds;        /* and what these are called */
    struct trigger_forms forms;                 /* which of them are over by themselves */
    struct title_list *classes, *rules_called, *fields, *stations_called;
    struct namespace_list *namespaces; /* of cases */
    struct token_table *tokens;        /* NULL = nobody has one */
    struct batch_rules rules;          /* borrows them */
    struct stations *stations;
    struct calendar *calendar;
    struct station_report_rules report; /* borrows these two */
};

/* Loads file, environment and --set words, then kinds and views. ERROR_CONFIG with file:line:col
 * otherwise. */
bool aggregator_config_load(struct aggregator_config *config, const struct options *options,
                            struct error *error);
void aggregator_config_fini(struct aggregator_config *config);
