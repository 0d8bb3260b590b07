/* SPDX-License-Identifier: Apache-2.0 */
/* The router's settings and the rule bundle they point to. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/schema.h"
#include "daemon/options.h"
#include "daemon/settings.h"
#include "kafka/client.h"
#include "router/core/case_flow.h"

struct router_config {
    struct daemon_settings daemon;
    struct kafka_settings kafka;
    const char *config_dir;
    int64_t max_age_ms, stub_after_ms, forget_after_ms, headless_after_ms, gone_after_ms,
        probe_every_ms;
    int64_t most_groups, sets_in_memory;
    struct settings *settings; /* owned */
    struct codes *codes;
    struct kinds *kinds;
    struct rule_bundle bundle;   /* as it was at the start */
    struct case_flow_rules flow; /* borrows the three above */
};

/* Loads file, environment and --set words, then the bundle. ERROR_CONFIG with file:line:col
 * otherwise. */
bool router_config_load(struct router_config *config, const struct options *options,
                        struct error *error);
void router_config_fini(struct router_config *config);
