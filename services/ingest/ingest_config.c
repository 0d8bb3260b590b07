/* SPDX-License-Identifier: Apache-2.0 */
/* One table for the settings; feeds and kinds are read by the same loaders as `citybrain check`. */
#include "ingest/ingest_config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/base.h"
#include "daemon/http_origin.h"
#include "ingest/core/feeds_check.h"
#include "ingest/core/replay_table.h"
#include "model/bundle_hash.h"

static const char *const roles[] = {"both", "doors", "normaliser", NULL};
static const char *const whens[] = {"stable", "rename", "done_file", NULL};
static const char *const clocks[] = {"real", "manual", NULL};

static const struct setting table[] = {
    DAEMON_SETTING_ROWS(struct ingest_config, daemon, "127.0.0.1:29310"),
    KAFKA_SETTING_ROWS(struct ingest_config, kafka, "ingest", "4MiB"),
    {"bundle.config_dir", SETTING_TEXT, offsetof(struct ingest_config, config_dir), "config", 0, 0,
     NULL, NULL, "codes.csv, kinds/, feeds/"},
    {"ingest.listen", SETTING_TEXT, offsetof(struct ingest_config, listen), "127.0.0.1:29300", 0, 0,
     NULL, NULL, "host:port of the doors"},
    {"ingest.pages", SETTING_TEXT, offsetof(struct ingest_config, pages), "", 0, 0, NULL,
     "CITYBRAIN_PAGES",
     "addresses of pages from which a browser may post, separated by commas (the desk's page); "
     "empty = none but one at the door's own address"},
    {"ingest.role", SETTING_ENUM, offsetof(struct ingest_config, role), "both", 0, 0, roles, NULL,
     "doors | normaliser | both"},
    {"ingest.keys", SETTING_TEXT, offsetof(struct ingest_config, keys_file), "", 0, 0, NULL,
     "CITYBRAIN_KEYS", "stations' keys, made by citybrain key; read again on SIGHUP; empty = none"},
    {"ingest.remembered_messages", SETTING_INT, offsetof(struct ingest_config, remembered),
     "262144", REPLAY_TABLE_LEAST, 16777216, NULL, NULL,
     "most message ids of signed requests kept for ten minutes, 32 bytes each"},
    {"ingest.insecure_bearer", SETTING_BOOL, offsetof(struct ingest_config, insecure_bearer),
     "false", 0, 0, NULL, NULL, "true lets tokens in, which whoever sees one can use for ever"},
    {"ingest.tokens", SETTING_TEXT, offsetof(struct ingest_config, tokens_file),
     "config/tokens.csv", 0, 0, NULL, "CITYBRAIN_TOKENS",
     "with insecure_bearer, who may come in: token,kind,name,party"},
    {"ingest.pseudonym_key", SETTING_TEXT, offsetof(struct ingest_config, pseudonym.file), "", 0, 0,
     NULL, "CITYBRAIN_PSEUDONYM_KEY", "file with the key of pseudonyms, 16 bytes or more"},
    {"ingest.tick_every", SETTING_DURATION, offsetof(struct ingest_config, tick_every_ms), "30s",
     250, 3600000, NULL, NULL, "between two ticks"},
    {"ingest.clock", SETTING_ENUM, offsetof(struct ingest_config, clock_mode), "real", 0, 0, clocks,
     "CITYBRAIN_CLOCK", "real | manual: POST /clock on the admin port moves the time"},
    {"ingest.max_upload", SETTING_SIZE, offsetof(struct ingest_config, max_upload), "8MiB", 1024,
     64 << 20, NULL, NULL, "largest body of a request"},
    {"ingest.drop", SETTING_TEXT, offsetof(struct ingest_config, drop.root), "", 0, 0, NULL,
     "CITYBRAIN_DROP", "folder of the drop directories, one a feed; empty = none"},
    {"ingest.drop_when", SETTING_ENUM, offsetof(struct ingest_config, drop.when), "stable", 0, 0,
     whens, NULL, "when a file is whole: stable | rename | done_file"},
    {"ingest.drop_stable", SETTING_DURATION, offsetof(struct ingest_config, drop.stable_ms), "10s",
     0, 86400000, NULL, NULL, "under stable: how long a file has not changed"},
    {"ingest.drop_look", SETTING_DURATION, offsetof(struct ingest_config, drop.look_every_ms), "1s",
     50, 3600000, NULL, NULL, "between two looks for dropped files"},
    {"ingest.max_records", SETTING_INT, offsetof(struct ingest_config, max_records), "5000", 1,
     100000, NULL, NULL, "most items of a request"},
    {"ingest.rate", SETTING_INT, offsetof(struct ingest_config, quota.rate), "10000", 1, 1000000,
     NULL, NULL, "records a second of one station; more is answered 429 with the time to wait"},
    {"ingest.burst", SETTING_INT, offsetof(struct ingest_config, quota.burst), "200000", 1,
     100000000, NULL, NULL, "records a station may send at once after a silence"},
    {"ingest.total_rate", SETTING_INT, offsetof(struct ingest_config, quota.total_rate), "0", 0,
     1000000, NULL, NULL, "records a second of all stations; more is answered 503; 0 = any"},
    {"ingest.total_burst", SETTING_INT, offsetof(struct ingest_config, quota.total_burst), "10000",
     1, 100000000, NULL, NULL, "records of all stations at once, under total_rate"},
    {"ingest.connections", SETTING_INT, offsetof(struct ingest_config, connections), "512", 8,
     10000, NULL, NULL, "most at a time; the one that lets us wait longest makes room"},
    {"ingest.connections_per_address", SETTING_INT, offsetof(struct ingest_config, per_address),
     "32", 1, 10000, NULL, NULL, "most of one address before it is known whose they are"},
    {"ingest.connections_per_station", SETTING_INT, offsetof(struct ingest_config, per_station),
     "32", 1, 10000, NULL, NULL, "most of one station"},
    {"ingest.in_flight", SETTING_SIZE, offsetof(struct ingest_config, in_flight), "32MiB", 65536,
     1 << 30, NULL, NULL, "bodies and answers in memory; more is answered 503"},
    {"ingest.head_time", SETTING_DURATION, offsetof(struct ingest_config, head_ms), "5s", 100,
     600000, NULL, NULL, "from a connection's beginning to its first request"},
    {"ingest.body_time", SETTING_DURATION, offsetof(struct ingest_config, body_ms), "60s", 100,
     3600000, NULL, NULL, "longest time of a body; less than 1 KiB/s ends it sooner"},
    {"ingest.idle_time", SETTING_DURATION, offsetof(struct ingest_config, idle_ms), "15s", 100,
     3600000, NULL, NULL, "a connection waits for its next request"},
    {"ingest.deadline", SETTING_DURATION, offsetof(struct ingest_config, deadline_ms), "10s", 100,
     600000, NULL, NULL, "longest wait for the brokers' word before 503 unknown"},
    {"ingest.drain_grace", SETTING_DURATION, offsetof(struct ingest_config, drain_grace_ms), "2s",
     0, 600000, NULL, NULL, "after SIGTERM new requests are still served, while /readyz says no"},
};

struct credentials *ingest_config_credentials(const struct ingest_config *config,
                                              struct diagnostics *diagnostics)
{
    return credentials_load(config->keys_file, config->insecure_bearer ? config->tokens_file : NULL,
                            diagnostics);
}

static void check_pages(const struct ingest_config *config, const char *file,
                        struct diagnostics *diagnostics)
{
    struct span rest = span_of(config->pages);
    while (rest.len > 0) {
        struct span page = span_trim(span_cut(&rest, ','));
        if (!http_origin_is_sound(page))
            diagnostics_add(diagnostics, (struct place){file, 0, 0},
                            "write each as http://127.0.0.1:29340, in lower case and without a "
                            "path; * is not taken",
                            "ingest.pages: \"%.*s\" is no address of a page", SPAN_ARG(page));
    }
}

/* A registry that is not there is the router's to miss. */
static struct registry *registry_in(const char *config_dir, const char *name,
                                    struct diagnostics *diagnostics)
{
    char path[512];
    snprintf(path, sizeof path, "%s/registries/%s.csv", config_dir, name);
    return access(path, F_OK) == 0 ? registry_load(path, diagnostics) : NULL;
}

static void check_feeds(const struct ingest_config *config, const struct registry *units,
                        struct diagnostics *diagnostics)
{
    struct registry *types = registry_in(config->config_dir, "request_types", diagnostics);
    feeds_check(config->feeds,
                &(struct feeds_known){
                    .codes = config->codes, .kinds = config->kinds, .units = units, .types = types},
                diagnostics);
    registry_free(types);
}

/* At the start alone: on SIGHUP a key that was taken away must go, whatever stands beside it. */
static void load_credentials(struct ingest_config *config, const struct registry *units,
                             struct diagnostics *diagnostics)
{
    config->credentials = ingest_config_credentials(config, diagnostics);
    if (config->credentials)
        credentials_check(config->credentials, config->feeds, units, diagnostics);
}

static void load_bundle(struct ingest_config *config, struct diagnostics *diagnostics)
{
    char path[512];
    snprintf(path, sizeof path, "%s/codes.csv", config->config_dir);
    config->codes = codes_load(path, diagnostics);
    if (config->codes) {
        snprintf(path, sizeof path, "%s/kinds", config->config_dir);
        config->kinds = kinds_load(path, config->codes, diagnostics);
    }
    bundle_hash(config->bundle, config->config_dir, diagnostics);
    snprintf(path, sizeof path, "%s/feeds", config->config_dir);
    config->feeds = feeds_load(path, diagnostics);
    struct registry *units = registry_in(config->config_dir, "units", diagnostics);
    if (config->feeds)
        check_feeds(config, units, diagnostics);
    if (config->feeds && config->role != INGEST_DOORS)
        pseudonym_key_load(&config->pseudonym, config->feeds, diagnostics);
    if (config->role != INGEST_NORMALISER)
        load_credentials(config, units, diagnostics);
    registry_free(units);
}

/* The rest of the doors' limits is nobody's wish. */
static void set_limits(struct ingest_config *config)
{
    config->limits = (struct http_limits){.connections = (size_t)config->connections,
                                          .per_address = (size_t)config->per_address,
                                          .in_flight = (size_t)config->in_flight,
                                          .head_bytes = 8192,
                                          .head_lines = 64,
                                          .head_ms = config->head_ms,
                                          .body_ms = config->body_ms,
                                          .body_rate = 1024,
                                          .answer_ms = 30000,
                                          .idle_ms = config->idle_ms,
                                          .requests = 100,
                                          .retry_least_s = 5,
                                          .retry_most_s = 60};
}

bool ingest_config_load(struct ingest_config *config, const struct options *options,
                        struct error *error)
{
    struct diagnostics *diagnostics = diagnostics_new();
    *config = (struct ingest_config){0};
    config->settings =
        daemon_settings_load(options, table, ARRAY_LENGTH(table), config, diagnostics);
    if (config->settings) {
        config->kafka.extra = settings_section(config->settings, "rdkafka");
        set_limits(config);
        check_pages(config, options->config_path, diagnostics);
        load_bundle(config, diagnostics);
    }
    bool good = daemon_settings_accept(diagnostics, error);
    diagnostics_free(diagnostics);
    return good;
}

void ingest_config_fini(struct ingest_config *config)
{
    credentials_free(config->credentials);
    feeds_free(config->feeds);
    if (config->kinds)
        kinds_free(config->kinds);
    if (config->codes)
        codes_free(config->codes);
    settings_free(config->settings);
}
