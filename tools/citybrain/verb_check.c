/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain check: a district's configuration read by the same code the daemons run. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "aggregator/core/type_groups.h"
#include "base/strbuf.h"
#include "base/timestamp.h"
#include "citybrain/check_credentials.h"
#include "citybrain/check_daemons.h"
#include "citybrain/check_environment.h"
#include "citybrain/check_rules.h"
#include "citybrain/check_syntax.h"
#include "citybrain/check_triggers.h"
#include "citybrain/check_upgrade.h"
#include "citybrain/check_views.h"
#include "citybrain/check_words.h"
#include "citybrain/topics_file.h"
#include "citybrain/verb.h"
#include "daemon/share.h"
#include "model/calendar.h"
#include "model/registry.h"
#include "model/stations.h"

static const char check_help[] =
    "usage: citybrain check [--config DIR] [--syntax | --environment | --upgrade] [--on DATE]\n\n"
    "Reads codes, kinds, feeds, rules, triggers, views, registries, groups of types and topics of\n"
    "DIR (default $CITYBRAIN_CONFIG or config) as the daemons do; tokens and keys too, where "
    "ingest.yaml\n"
    "and aggregator.yaml name files that are there, and DIR/tokens.csv. Every finding:\n"
    "file:line:col: error: cause; fix: …\n"
    "Where nothing is wrong with them, the daemons beside this program read their own settings\n"
    "(DIR/ingest.yaml, router.yaml, aggregator.yaml) and start nothing, as this does:\n"
    "  citybrain-ingest --check --config DIR/ingest.yaml\n"
    "A daemon that is started on wrong files says the same lines and ends with 78.\n\n"
    "  --syntax       each file by itself only: is it YAML, is it a table\n"
    "  --environment  also: are brokers and PostgreSQL as the files want them (topics, "
    "partitions,\n"
    "                 settings of topics and brokers, version). Nothing is written\n"
    "    --brokers, --prefix  (default $CITYBRAIN_BROKERS or 127.0.0.1:29092, cb.)\n"
    "    --postgres CONNINFO  (default $CITYBRAIN_PG or \"dbname=citybrain user=citybrain\")\n"
    "  --upgrade      also: what this release has and DIR has not: codes and topics that are "
    "needed\n"
    "                 are errors with the line to add; new and other files are listed, and yours "
    "stay\n"
    "    --release DIR        the release's configuration (default: the one beside this program)\n"
    "  --on DATE      a calendar that ends within 60 days of it is warned of (default today, by "
    "this\n"
    "                 machine)\n"
    "  --json         one object a finding: level, place, cause, fix; the daemons' own words "
    "about\n"
    "                 their settings go to stderr\n\n"
    "  cp -r config /tmp/mine && citybrain check --config /tmp/mine\n"
    "exit: 0 nothing wrong, 64 usage, 69 brokers or database cannot be asked, 78 something is "
    "wrong\n";

static void show_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static void show_json(void *context, const struct diagnostics_finding *finding)
{
    struct strbuf out;
    strbuf_init(&out, 512, 65536);
    strbuf_addf(&out, "{\"level\":\"%s\",\"place\":", finding->is_error ? "error" : "warning");
    strbuf_add_json(&out, finding->place);
    strbuf_add(&out, SPAN(",\"cause\":"));
    strbuf_add_json(&out, finding->cause);
    strbuf_add(&out, SPAN(",\"fix\":"));
    strbuf_add_json(&out, finding->fix);
    fprintf(context, "%s}\n", out.at);
    strbuf_fini(&out);
}

static void in(char path[512], const char *folder, const char *name)
{
    snprintf(path, 512, "%s/registries/%s.csv", folder, name);
}

/* Whose family is no feed can never be heard. */
static void check_stations(const struct bundle *bundle, struct diagnostics *diagnostics)
{
    const struct stations *stations = bundle->rule.stations;
    for (size_t i = 0; stations && bundle->feeds && i < stations_count(stations); i++) {
        const struct station *station = stations_at(stations, i, INT64_MIN);
        if (station && !feeds_find(bundle->feeds, station->family))
            diagnostics_add(diagnostics, station->family_place, "name a feed of config/feeds",
                            "family \"%.*s\" is no feed", SPAN_ARG(station->family));
    }
}

static void check_type_groups(const struct bundle *bundle, const char *folder,
                              struct diagnostics *diagnostics)
{
    char path[512];
    snprintf(path, sizeof path, "%s/type_groups.yaml", folder);
    type_groups_free(type_groups_load(path, bundle->rule.district.types, diagnostics));
}

/* Those that no core reads; what is wrong in service_items is told with the bundle it is of. */
static void check_registries(const struct bundle *bundle, const char *folder, int64_t now_ms,
                             struct diagnostics *diagnostics)
{
    char path[512];
    in(path, folder, "service_items");
    if (access(path, F_OK) != 0)
        registry_free(registry_load(path, diagnostics));
    check_stations(bundle, diagnostics);
    check_type_groups(bundle, folder, diagnostics);
    if (bundle->rule.district.calendar)
        calendar_check_end(bundle->rule.district.calendar,
                           timestamp_day(now_ms, bundle->batch.zone_minutes), diagnostics);
}

struct wish {
    const char *folder, *release, *postgres;
    struct kafka_settings settings;
    int64_t now_ms;
    bool syntax, environment, upgrade, json;
};

static int end(const struct diagnostics *diagnostics, size_t more, const char *bundle)
{
    size_t errors = diagnostics_errors(diagnostics) + more;
    size_t warnings = diagnostics_warnings(diagnostics);
    fprintf(stderr, "check: %zu error%s, %zu warning%s%s%s\n", errors, errors == 1 ? "" : "s",
            warnings, warnings == 1 ? "" : "s", bundle[0] ? "; bundle " : "", bundle);
    return errors ? VERB_CONFIG : VERB_OK;
}

static bool check_release(const struct wish *wish, struct diagnostics *diagnostics)
{
    char path[SHARE_PATH];
    const char *release = wish->release;
    if (!release && share_find("config", "config", path))
        release = path;
    if (release) {
        check_upgrade(wish->folder, release, stdout, diagnostics);
        return true;
    }
    fprintf(stderr,
            "citybrain check: the release's configuration is not at %s; fix: name it by "
            "--release\n",
            path);
    return false;
}

/* All that the files say to each other. */
static void check_meaning(const struct wish *wish, struct bundle *bundle,
                          struct diagnostics *diagnostics)
{
    bundle_load(bundle, wish->folder, diagnostics);
    check_registries(bundle, wish->folder, wish->now_ms, diagnostics);
    check_words(bundle, wish->folder, diagnostics);
    check_rules(bundle, wish->now_ms, diagnostics);
    check_triggers(bundle, diagnostics);
    check_views(bundle, diagnostics);
    topics_file_free(topics_file_load(wish->folder, NULL, 1, diagnostics));
    check_credentials(bundle, wish->folder, diagnostics);
}

static int check_all(const struct wish *wish)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct bundle bundle = {.folder = wish->folder};
    bool asked = true;
    size_t refused = 0;
    if (wish->syntax)
        (void)check_syntax(wish->folder, diagnostics);
    else
        check_meaning(wish, &bundle, diagnostics);
    if (wish->upgrade)
        asked = check_release(wish, diagnostics);
    if (wish->environment && diagnostics_errors(diagnostics) == 0)
        asked = check_environment(wish->folder, &wish->settings, wish->postgres, diagnostics);
    if (wish->json)
        diagnostics_each_finding(diagnostics, show_json, stdout);
    else
        diagnostics_each(diagnostics, show_line, stdout);
    /* Their settings alone are left to be wrong, and those they tell in their own words. */
    if (diagnostics_errors(diagnostics) == 0 && !wish->syntax)
        refused = check_daemons(wish->folder, wish->json ? stderr : stdout);
    int status = end(diagnostics, refused, wish->syntax ? "" : bundle.rule.hash);
    bundle_fini(&bundle);
    diagnostics_free(diagnostics);
    return status == VERB_OK && !asked ? VERB_UNAVAILABLE : status;
}

static const struct option options[] = {{"config", 1, 0, 'c'},
                                        {"on", 1, 0, 'o'},
                                        {"syntax", 0, 0, 's'},
                                        {"environment", 0, 0, 'e'},
                                        {"upgrade", 0, 0, 'u'},
                                        {"release", 1, 0, 'r'},
                                        {"brokers", 1, 0, 'b'},
                                        {"prefix", 1, 0, 'p'},
                                        {"postgres", 1, 0, 'd'},
                                        {"json", 0, 0, 'j'},
                                        {0, 0, 0, 0}};

static int read_option(struct wish *wish, int c, char **argv)
{
    switch (c) {
    case 'c': wish->folder = optarg; return VERB_OK;
    case 'o':
        return timestamp_parse(span_of(optarg), "%Y-%m-%d", 0, &wish->now_ms)
                   ? VERB_OK
                   : verb_usage("check", "--on \"%s\" is no date like 2026-10-01", optarg);
    case 's': wish->syntax = true; return VERB_OK;
    case 'e': wish->environment = true; return VERB_OK;
    case 'u': wish->upgrade = true; return VERB_OK;
    case 'r': wish->release = optarg; return VERB_OK;
    case 'b': wish->settings.brokers = optarg; return VERB_OK;
    case 'p': wish->settings.prefix = optarg; return VERB_OK;
    case 'd': wish->postgres = optarg; return VERB_OK;
    case 'j': wish->json = true; return VERB_OK;
    default: return verb_bad_option("check", argv);
    }
}

static const char *or_else(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value ? value : fallback;
}

static int run(int argc, char **argv)
{
    struct wish wish = {.folder = verb_config_dir(),
                        .postgres = or_else("CITYBRAIN_PG", "dbname=citybrain user=citybrain"),
                        .settings = {.brokers = or_else("CITYBRAIN_BROKERS", "127.0.0.1:29092"),
                                     .prefix = or_else("CITYBRAIN_PREFIX", "cb."),
                                     .group = "citybrain",
                                     .slot = 1},
                        .now_ms = (int64_t)time(NULL) * 1000};
    int status = VERB_OK;
    for (int c; status == VERB_OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        status = read_option(&wish, c, argv);
    if (status != VERB_OK)
        return status;
    if (optind != argc)
        return verb_usage("check", "what is \"%s\"? a folder is named by --config", argv[optind]);
    if (wish.syntax && (wish.environment || wish.upgrade))
        return verb_usage("check", "--syntax is the first level alone");
    return check_all(&wish);
}

const struct verb verb_check = {
    "check", "read the configuration as the daemons do", check_help, run, options, NULL};
