/* SPDX-License-Identifier: Apache-2.0 */
/* One table for the settings; kinds and views are read by the loaders `citybrain check` uses. */
#include "aggregator/aggregator_config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "config/yaml.h"
#include "daemon/http_origin.h"
#include "model/token_names.h"
#include "model/unit_names.h"

static const char *const open_words[] = {"nobody", "loopback", "anybody", NULL};

static const struct setting table[] = {
    DAEMON_SETTING_ROWS(struct aggregator_config, daemon, "127.0.0.1:29330"),
    KAFKA_SETTING_ROWS(struct aggregator_config, kafka, "aggregator", "4MiB"),
    {"bundle.config_dir", SETTING_TEXT, offsetof(struct aggregator_config, config_dir), "config", 0,
     0, NULL, NULL, "codes.csv, kinds/, views/, registries/; names of rules/, triggers/, feeds/"},
    {"aggregator.postgres", SETTING_TEXT, offsetof(struct aggregator_config, postgres),
     "dbname=citybrain user=citybrain", 0, 0, NULL, "CITYBRAIN_PG", "libpq conninfo"},
    {"aggregator.api", SETTING_TEXT, offsetof(struct aggregator_config, api), "127.0.0.1:29340", 0,
     0, NULL, NULL, "where the read-only API and the page listen"},
    {"aggregator.api_postgres", SETTING_TEXT, offsetof(struct aggregator_config, api_postgres), "",
     0, 0, NULL, "CITYBRAIN_API_PG", "libpq conninfo of a read-only user; empty = the one above"},
    {"aggregator.api_open", SETTING_ENUM, offsetof(struct aggregator_config, api_open), "loopback",
     0, 0, open_words, NULL,
     "who sees everything without a token: nobody, loopback (whoever is on this machine), anybody"},
    {"aggregator.tokens", SETTING_TEXT, offsetof(struct aggregator_config, tokens_file), "", 0, 0,
     NULL, "CITYBRAIN_API_TOKENS", "token,kind,name,party of units, stations and readers"},
    {"aggregator.api_lanes", SETTING_INT, offsetof(struct aggregator_config, api_lanes), "3", 1, 8,
     NULL, NULL, "connections to PostgreSQL for questions"},
    {"aggregator.api_timeout", SETTING_DURATION, offsetof(struct aggregator_config, api_timeout_ms),
     "5s", 10, 60000, NULL, NULL, "longest time of one question in PostgreSQL"},
    {"aggregator.api_rate", SETTING_INT, offsetof(struct aggregator_config, api_rate), "200", 1,
     100000, NULL, NULL, "questions a second of one token, and of all who have none"},
    {"aggregator.api_burst", SETTING_INT, offsetof(struct aggregator_config, api_burst), "400", 1,
     100000, NULL, NULL, "and so many at once"},
    {"aggregator.api_connections", SETTING_INT, offsetof(struct aggregator_config, api_connections),
     "256", 8, 4096, NULL, NULL, "clients at a time"},
    {"aggregator.api_waiting", SETTING_INT, offsetof(struct aggregator_config, api_waiting), "128",
     1, 4096, NULL, NULL, "of them, those that wait for news (wait=)"},
    {"aggregator.web", SETTING_TEXT, offsetof(struct aggregator_config, web), "web", 0, 0, NULL,
     NULL, "folder of the page; where it is not there, the installed one"},
    {"aggregator.charts", SETTING_TEXT, offsetof(struct aggregator_config, charts),
     ".run/web/echarts.min.js", 0, 0, NULL, NULL, "ECharts; without it the page shows tables"},
    {"aggregator.door", SETTING_TEXT, offsetof(struct aggregator_config, door), "", 0, 0, NULL,
     "CITYBRAIN_PAGE_DOOR",
     "where a browser reaches ingest's door, for the desk's page; empty = at the page's own "
     "address"},
    {"aggregator.sql_dir", SETTING_TEXT, offsetof(struct aggregator_config, sql_dir),
     "services/aggregator/sql", 0, 0, NULL, NULL,
     "folder of the migrations; where it is not there, the installed one"},
    {"aggregator.zone", SETTING_TEXT, offsetof(struct aggregator_config, zone), "Asia/Shanghai", 0,
     0, NULL, NULL, "whose civil days the views count in"},
    {"aggregator.batch_records", SETTING_INT, offsetof(struct aggregator_config, batch_records),
     "10000", 1, 100000, NULL, NULL,
     "most records in one PostgreSQL transaction; and of half as many cases"},
    {"aggregator.batch_every", SETTING_DURATION, offsetof(struct aggregator_config, batch_every_ms),
     "50ms", 10, 60000, NULL, NULL,
     "how long a transaction waits for more records; five times it in a backlog"},
    {"aggregator.batch_bytes", SETTING_SIZE, offsetof(struct aggregator_config, batch_bytes),
     "8MiB", 1 << 20, 1 << 28, NULL, NULL, "memory of the new lines of one batch; there are two"},
    {"aggregator.keep_observations", SETTING_DURATION,
     offsetof(struct aggregator_config, keep_observations_ms), "400d", 0, 36500LL * 86400000, NULL,
     NULL, "days of observations that stay in PostgreSQL, by the district's clock; 0d = all"},
    {"aggregator.verified", SETTING_TEXT, offsetof(struct aggregator_config, verified),
     ".run/notes/verified.json", 0, 0, NULL, "CITYBRAIN_VERIFIED",
     "file in which citybrain verify --note leaves what it found"},
};

static void load_bundle(struct aggregator_config *config, struct diagnostics *diagnostics)
{
    const int64_t today = timestamp_day((int64_t)time(NULL) * 1000, YAML_DATE_ZONE_MINUTES);
    char path[512];
    snprintf(path, sizeof path, "%s/codes.csv", config->config_dir);
    config->codes = codes_load(path, diagnostics);
    if (!config->codes)
        return;
    snprintf(path, sizeof path, "%s/kinds", config->config_dir);
    config->kinds = kinds_load(path, config->codes, diagnostics);
    if (!config->kinds)
        return;
    snprintf(path, sizeof path, "%s/views", config->config_dir);
    config->views = views_load(path, config->kinds, diagnostics);
    snprintf(path, sizeof path, "%s/registries/units.csv", config->config_dir);
    config->units = registry_load(path, diagnostics);
    if (config->units)
        unit_names_check(config->units, diagnostics);
    snprintf(path, sizeof path, "%s/registries/request_types.csv", config->config_dir);
    config->types = registry_load(path, diagnostics);
    snprintf(path, sizeof path, "%s/type_groups.yaml", config->config_dir);
    config->type_groups = type_groups_load(path, config->types, diagnostics);
    snprintf(path, sizeof path, "%s/registries/divisions.csv", config->config_dir);
    config->divisions = registry_load(path, diagnostics);
    snprintf(path, sizeof path, "%s/triggers", config->config_dir);
    config->triggers = title_list_load(path, "trigger");
    trigger_forms_load(&config->forms, path);
    snprintf(path, sizeof path, "%s/feeds", config->config_dir);
    config->feeds = title_list_load(path, "feed");
    config->namespaces = namespace_list_load(path, config->kinds);
    snprintf(path, sizeof path, "%s/rules/dispatch.yaml", config->config_dir);
    config->classes = title_list_load_classes(path);
    config->rules_called = title_list_load_rules(path);
    snprintf(path, sizeof path, "%s/registries/fields.csv", config->config_dir);
    config->fields = title_list_load_rows(path, "field", today, diagnostics);
    snprintf(path, sizeof path, "%s/registries/stations.csv", config->config_dir);
    config->stations = stations_load(path, diagnostics);
    config->stations_called = title_list_load_rows(path, "station", today, NULL);
    snprintf(path, sizeof path, "%s/registries/calendar.csv", config->config_dir);
    config->calendar = calendar_load(path, diagnostics);
}

/* Files of the release, where nobody says otherwise: of an installed program not below the working
 * folder. */
static void find_shared(struct aggregator_config *config)
{
    const char **const paths[] = {&config->sql_dir, &config->web, &config->charts};
    static const char *const checkout[] = {"services/aggregator/sql", "web",
                                           ".run/web/echarts.min.js"};
    static const char *const installed[] = {"sql", "web", "echarts.min.js"};
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++)
        if (strcmp(*paths[i], checkout[i]) == 0 && access(*paths[i], R_OK) != 0 &&
            share_find(installed[i], checkout[i], config->shared[i]))
            *paths[i] = config->shared[i];
}

static bool is_loopback(struct span address)
{
    return span_starts(address, SPAN("127.")) || span_starts(address, SPAN("[::1]:")) ||
           span_starts(address, SPAN("localhost:"));
}

static void check_door(const struct aggregator_config *config, const char *file,
                       struct diagnostics *diagnostics)
{
    if (config->door[0] && !http_origin_is_sound(span_of(config->door)))
        diagnostics_add(diagnostics, (struct place){file, 0, 0},
                        "write it as http://127.0.0.1:29300, without a path",
                        "aggregator.door \"%s\" is no address of a door", config->door);
}

static void load_access(struct aggregator_config *config, const char *file,
                        struct diagnostics *diagnostics)
{
    if (config->tokens_file[0])
        config->tokens = token_table_load(config->tokens_file, diagnostics);
    if (config->tokens) /* of feeds' it asks nothing */
        token_names_check(&(struct token_names){.units = config->units}, config->tokens,
                          diagnostics);
    if (config->api_open == AGGREGATOR_OPEN_LOOPBACK && !is_loopback(span_of(config->api)))
        diagnostics_add(diagnostics, (struct place){file, 0, 0},
                        "aggregator.api_open: nobody and aggregator.tokens; anybody, where others "
                        "see to it who comes near",
                        "aggregator.api %s is no loopback address, and aggregator.api_open is "
                        "loopback",
                        config->api);
    if (!config->api_postgres[0])
        config->api_postgres = config->postgres;
}

bool aggregator_config_load(struct aggregator_config *config, const struct options *options,
                            struct error *error)
{
    struct diagnostics *diagnostics = diagnostics_new();
    *config = (struct aggregator_config){0};
    config->settings =
        daemon_settings_load(options, table, ARRAY_LENGTH(table), config, diagnostics);
    if (config->settings) {
        config->kafka.extra = settings_section(config->settings, "rdkafka");
        find_shared(config);
        load_bundle(config, diagnostics);
        load_access(config, options->config_path, diagnostics);
        check_door(config, options->config_path, diagnostics);
        if (!timestamp_parse_zone(span_of(config->zone), &config->rules.zone_minutes))
            diagnostics_add(diagnostics, (struct place){options->config_path, 0, 0},
                            "Asia/Shanghai, UTC or +08:00", "aggregator.zone \"%s\" is no zone",
                            config->zone);
    }
    config->rules.codes = config->codes;
    config->rules.kinds = config->kinds;
    config->rules.views = config->views;
    config->rules.stations = config->stations;
    config->report = (struct station_report_rules){config->stations, config->calendar,
                                                   config->rules.zone_minutes};
    bool good = daemon_settings_accept(diagnostics, error);
    diagnostics_free(diagnostics);
    return good;
}

void aggregator_config_fini(struct aggregator_config *config)
{
    stations_free(config->stations);
    calendar_free(config->calendar);
    if (config->units)
        registry_free(config->units);
    type_groups_free(config->type_groups);
    if (config->types)
        registry_free(config->types);
    if (config->divisions)
        registry_free(config->divisions);
    title_list_free(config->triggers);
    trigger_forms_fini(&config->forms);
    title_list_free(config->feeds);
    title_list_free(config->classes);
    title_list_free(config->rules_called);
    title_list_free(config->fields);
    title_list_free(config->stations_called);
    namespace_list_free(config->namespaces);
    token_table_free(config->tokens);
    views_free(config->views);
    if (config->kinds)
        kinds_free(config->kinds);
    if (config->codes)
        codes_free(config->codes);
    settings_free(config->settings);
}
