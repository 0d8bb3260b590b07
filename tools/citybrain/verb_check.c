/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain check: a district's configuration read by the same code the daemons run. */
#include <getopt.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "citybrain/check_daemons.h"
#include "citybrain/check_feeds.h"
#include "citybrain/check_rules.h"
#include "citybrain/check_triggers.h"
#include "citybrain/check_words.h"
#include "citybrain/topics_file.h"
#include "citybrain/verb.h"
#include "model/calendar.h"
#include "model/registry.h"
#include "model/stations.h"

static const char check_help[] =
    "usage: citybrain check [--config DIR] [--on DATE]\n\n"
    "Reads codes, kinds, feeds, rules, triggers, views, registries and topics of DIR (default "
    "config) as\n"
    "the daemons do. Every finding: file:line:col: error: cause; fix: …\n"
    "Where nothing is wrong with them, the daemons beside this program read their own settings\n"
    "(DIR/ingest.yaml, router.yaml, aggregator.yaml) and start nothing, as this does:\n"
    "  citybrain-ingest --check --config DIR/ingest.yaml\n\n"
    "A calendar that ends within 60 days of --on (default today, by this machine) is warned of.\n\n"
    "  cp -r config /tmp/mine && citybrain check --config /tmp/mine\n"
    "exit: 0 nothing wrong, 64 usage, 78 something is wrong\n";

static void show_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static void in(char path[512], const char *folder, const char *name)
{
    snprintf(path, 512, "%s/registries/%s.csv", folder, name);
}

/* Whose family is no feed can never be heard. */
static void check_stations(const struct bundle *bundle, const char *folder,
                           struct diagnostics *diagnostics)
{
    char path[512];
    const struct stations *stations = bundle->rule.stations;
    in(path, folder, "stations");
    for (size_t i = 0; stations && bundle->feeds && i < stations_count(stations); i++) {
        const struct station *station = stations_at(stations, i, INT64_MIN);
        if (station && !feeds_find(bundle->feeds, station->family))
            diagnostics_add(diagnostics, (struct place){path, station->line, 1},
                            "name a feed of config/feeds", "family \"%.*s\" is no feed",
                            SPAN_ARG(station->family));
    }
}

/* Those that no core reads. */
static void check_registries(const struct bundle *bundle, const char *folder, int64_t now_ms,
                             struct diagnostics *diagnostics)
{
    char path[512];
    in(path, folder, "service_items");
    registry_free(registry_load(path, diagnostics));
    check_stations(bundle, folder, diagnostics);
    if (bundle->rule.district.calendar)
        calendar_check_end(bundle->rule.district.calendar,
                           timestamp_day(now_ms, bundle->batch.zone_minutes), diagnostics);
}

static int run(int argc, char **argv)
{
    static const struct option names[] = {{"config", 1, 0, 'c'}, {"on", 1, 0, 'o'}, {0, 0, 0, 0}};
    const char *folder = "config";
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 'c': folder = optarg; break;
        case 'o':
            if (!timestamp_parse(span_of(optarg), "%Y-%m-%d", 0, &now_ms))
                return verb_usage("check", "--on \"%s\" is no date like 2026-10-01", optarg);
            break;
        default: return verb_bad_option("check", argv);
        }
    }
    if (optind != argc)
        return verb_usage("check", "what is \"%s\"? a folder is named by --config", argv[optind]);
    struct diagnostics *diagnostics = diagnostics_new();
    struct bundle bundle;
    bundle_load(&bundle, folder, diagnostics);
    check_registries(&bundle, folder, now_ms, diagnostics);
    check_words(&bundle, folder, diagnostics);
    check_rules(&bundle, now_ms, diagnostics);
    check_triggers(&bundle, diagnostics);
    check_feeds(&bundle, folder, diagnostics);
    topics_file_free(topics_file_load(folder, NULL, 1, diagnostics));
    diagnostics_each(diagnostics, show_line, stdout);
    size_t errors = diagnostics_errors(diagnostics);
    if (errors == 0)
        errors = check_daemons(folder, stdout);
    size_t warnings = diagnostics_warnings(diagnostics);
    fprintf(stderr, "check: %zu error%s, %zu warning%s\n", errors, errors == 1 ? "" : "s", warnings,
            warnings == 1 ? "" : "s");
    bundle_fini(&bundle);
    diagnostics_free(diagnostics);
    return errors ? VERB_CONFIG : VERB_OK;
}

const struct verb verb_check = {"check", "read the configuration as the daemons do", check_help,
                                run};
