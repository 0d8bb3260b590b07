/* SPDX-License-Identifier: Apache-2.0 */
/* One table for the settings; the bundle is read by the same loaders as `citybrain check`. */
#include "router/router_config.h"

#include <stdio.h>

#include "base/base.h"

static const struct setting table[] = {
    DAEMON_SETTING_ROWS(struct router_config, daemon, "127.0.0.1:29320"),
    KAFKA_SETTING_ROWS(struct router_config, kafka, "router", "3MiB"),
    {"bundle.config_dir", SETTING_TEXT, offsetof(struct router_config, config_dir), "config", 0, 0,
     NULL, NULL, "codes.csv, kinds/, rules/, triggers/, registries/"},
    {"router.max_age", SETTING_DURATION, offsetof(struct router_config, max_age_ms), "30d", 60000,
     INT64_MAX / 2, NULL, NULL, "an order opened longer ago goes to the desk"},
    {"router.stub_after", SETTING_DURATION, offsetof(struct router_config, stub_after_ms), "7d", 0,
     INT64_MAX / 2, NULL, NULL,
     "a closed case keeps what later decisions hang on only; 0s = never"},
    {"router.forget_after", SETTING_DURATION, offsetof(struct router_config, forget_after_ms),
     "400d", 0, INT64_MAX / 2, NULL, NULL, "a closed case is forgotten; 0s = never"},
    {"router.gone_after", SETTING_DURATION, offsetof(struct router_config, gone_after_ms), "90d", 0,
     INT64_MAX / 2, NULL, NULL,
     "orders of a closed case are taken out of the topics of its units; 0s = never"},
    {"router.headless_after", SETTING_DURATION, offsetof(struct router_config, headless_after_ms),
     "15m", 0, INT64_MAX / 2, NULL, NULL,
     "a case of which no opening came goes to the desk; 0s = never"},
    {"router.probe_every", SETTING_DURATION, offsetof(struct router_config, probe_every_ms), "5m",
     100, INT64_MAX / 2, NULL, NULL, "how often a unit's missing topic is asked for again"},
    {"router.most_groups", SETTING_INT, offsetof(struct router_config, most_groups), "20000", 100,
     INT64_MAX / 2, NULL, NULL,
     "groups of one trigger in one partition of signals; facts of more are counted and not kept"},
    {"router.sets_in_memory", SETTING_SIZE, offsetof(struct router_config, sets_in_memory), "8MiB",
     65536, INT64_C(1) << 40, NULL, NULL,
     "of the sets of cases and windows; the others are in a file without a name in kafka.note_dir"},
};

static void load_bundle(struct router_config *config, struct diagnostics *diagnostics)
{
    char path[512];
    snprintf(path, sizeof path, "%s/codes.csv", config->config_dir);
    config->codes = codes_load(path, diagnostics);
    if (config->codes) {
        snprintf(path, sizeof path, "%s/kinds", config->config_dir);
        config->kinds = kinds_load(path, config->codes, diagnostics);
    }
    if (config->kinds)
        rule_bundle_load(&config->bundle, config->config_dir, config->kinds, diagnostics);
}

bool router_config_load(struct router_config *config, const struct options *options,
                        struct error *error)
{
    struct diagnostics *diagnostics = diagnostics_new();
    *config = (struct router_config){0};
    config->settings =
        daemon_settings_load(options, table, ARRAY_LENGTH(table), config, diagnostics);
    if (config->settings) {
        config->kafka.extra = settings_section(config->settings, "rdkafka");
        load_bundle(config, diagnostics);
    }
    config->flow =
        (struct case_flow_rules){.codes = config->codes,
                                 .kinds = config->kinds,
                                 .bundle = &config->bundle,
                                 .max_age_ms = config->max_age_ms,
                                 .timers = {config->stub_after_ms, config->forget_after_ms,
                                            config->headless_after_ms, config->gone_after_ms}};
    bool good = daemon_settings_accept(diagnostics, error);
    diagnostics_free(diagnostics);
    return good;
}

void router_config_fini(struct router_config *config)
{
    rule_bundle_fini(&config->bundle);
    if (config->kinds)
        kinds_free(config->kinds);
    if (config->codes)
        codes_free(config->codes);
    settings_free(config->settings);
}
