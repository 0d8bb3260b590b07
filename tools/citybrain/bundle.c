/* SPDX-License-Identifier: Apache-2.0 */
/* Beside the folders, settings of the daemons shape what comes out: router.max_age, how long a
 * closed case is kept, and aggregator.zone. They are read from the daemons' own files, so that the
 * answers are theirs. */
#include "citybrain/bundle.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "config/yaml.h"
#include "ingest/core/feeds_check.h"

#define DAY_MS     INT64_C(86400000)
#define PATH_BYTES 512

static const char *in(char path[PATH_BYTES], const char *folder, const char *name)
{
    snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    return path;
}

/* section.key of a daemon's file, or NULL where it is not written. */
static const struct yaml_node *setting(const struct yaml_document *document, const char *section,
                                       const char *key)
{
    const struct yaml_node *map = document ? yaml_get(yaml_root(document), section) : NULL;
    return map && map->type == YAML_MAP ? yaml_get(map, key) : NULL;
}

/* Of router.yaml; what is not written stays. */
static void read_duration(const struct yaml_document *router, const char *key, int64_t *ms,
                          struct diagnostics *d)
{
    const struct yaml_node *node = setting(router, "router", key);
    if (node)
        yaml_duration(node, ms, d);
}

static void read_settings(struct bundle *bundle, const char *folder, struct diagnostics *d)
{
    char path[PATH_BYTES];
    struct yaml_document *router = yaml_load(in(path, folder, "router.yaml"), d);
    bundle->flow.max_age_ms = 30 * DAY_MS;
    bundle->flow.timers.stub_after_ms = 7 * DAY_MS;
    bundle->flow.timers.forget_after_ms = 400 * DAY_MS;
    bundle->flow.timers.headless_after_ms = 15 * INT64_C(60000);
    bundle->flow.timers.gone_after_ms = 90 * DAY_MS;
    read_duration(router, "max_age", &bundle->flow.max_age_ms, d);
    read_duration(router, "stub_after", &bundle->flow.timers.stub_after_ms, d);
    read_duration(router, "forget_after", &bundle->flow.timers.forget_after_ms, d);
    read_duration(router, "gone_after", &bundle->flow.timers.gone_after_ms, d);
    read_duration(router, "headless_after", &bundle->flow.timers.headless_after_ms, d);
    yaml_free(router);

    struct yaml_document *aggregator = yaml_load(in(path, folder, "aggregator.yaml"), d);
    const struct yaml_node *zone = setting(aggregator, "aggregator", "zone");
    const char *text;
    bundle->batch.zone_minutes = YAML_DATE_ZONE_MINUTES;
    if (zone && yaml_text(zone, &text, d) &&
        !timestamp_parse_zone(span_of(text), &bundle->batch.zone_minutes))
        diagnostics_add(d, zone->place, "Asia/Shanghai, UTC or +08:00", "\"%s\" is no zone", text);
    yaml_free(aggregator);
}

/* What is wrong with service_items itself is told by who reads all registries. */
static void check_feeds(const struct bundle *bundle, struct diagnostics *diagnostics)
{
    char path[PATH_BYTES];
    struct diagnostics *unsaid = diagnostics_new();
    struct registry *items =
        registry_load(in(path, bundle->folder, "registries/service_items.csv"), unsaid);
    struct feeds_known known = {.codes = bundle->codes,
                                .kinds = bundle->kinds,
                                .units = bundle->rule.district.units,
                                .types = bundle->rule.district.types,
                                .warns = true,
                                .items = items};
    feeds_check(bundle->feeds, &known, diagnostics);
    registry_free(items);
    diagnostics_free(unsaid);
}

bool bundle_load(struct bundle *bundle, const char *folder, struct diagnostics *diagnostics)
{
    char path[PATH_BYTES];
    memset(bundle, 0, sizeof *bundle);
    bundle->folder = folder;
    bundle->codes = codes_load(in(path, folder, "codes.csv"), diagnostics);
    if (bundle->codes)
        bundle->kinds = kinds_load(in(path, folder, "kinds"), bundle->codes, diagnostics);
    bundle->feeds = feeds_load(in(path, folder, "feeds"), diagnostics);
    if (bundle->kinds)
        bundle->views = views_load(in(path, folder, "views"), bundle->kinds, diagnostics);
    rule_bundle_load(&bundle->rule, folder, bundle->kinds, diagnostics);
    if (bundle->feeds)
        check_feeds(bundle, diagnostics);
    read_settings(bundle, folder, diagnostics);
    bundle->flow.codes = bundle->codes;
    bundle->flow.kinds = bundle->kinds;
    bundle->flow.bundle = &bundle->rule;
    bundle->batch.codes = bundle->codes;
    bundle->batch.kinds = bundle->kinds;
    bundle->batch.views = bundle->views;
    return diagnostics_errors(diagnostics) == 0;
}

bool bundle_has_feed(const struct bundle *bundle, const char *name, struct error *error)
{
    const char *names[256];
    const struct feed *feed;
    size_t count = 0;
    if (feeds_find(bundle->feeds, span_of(name)))
        return true;
    for (; count < ARRAY_LENGTH(names) && (feed = feeds_at(bundle->feeds, count)); count++)
        names[count] = feed->id;
    const char *near = diagnostics_nearest(name, names, count);
    return error_set(error, ERROR_CONFIG, 0, "no feed \"%s\" in %s/feeds%s%s", name, bundle->folder,
                     near ? "; did you mean " : "", near ? near : "");
}

const struct feed *bundle_feed(const struct bundle *bundle, const char *name, int64_t at_ms,
                               struct error *error)
{
    const struct feed *feed = feeds_find(bundle->feeds, span_of(name));
    const struct mapping *mapping = feed ? feed_mapping_at(feed, at_ms) : NULL;
    if (!bundle_has_feed(bundle, name, error))
        return NULL;
    if (!mapping)
        error_set(error, ERROR_CONFIG, 0, "feed %s has no version valid at that --clock", name);
    else if (mapping->namespace_ == NULL)
        error_set(error, ERROR_CONFIG, 0,
                  "feed %s is what units say of cases; files of records are taken here", name);
    else
        return feed;
    return NULL;
}

void bundle_fini(struct bundle *bundle)
{
    views_free(bundle->views);
    rule_bundle_fini(&bundle->rule);
    if (bundle->feeds)
        feeds_free(bundle->feeds);
    if (bundle->kinds)
        kinds_free(bundle->kinds);
    if (bundle->codes)
        codes_free(bundle->codes);
}
