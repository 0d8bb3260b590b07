/* SPDX-License-Identifier: Apache-2.0 */
/* Registries are read as the daemons read them; nothing of the district is known here by name. */
#include "gen/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

#define MINUTE INT64_C(60000)

static struct span cell(const struct registry *registry, size_t row, const char *column)
{
    return registry_cell(registry, registry_at(registry, row), column);
}

static size_t rows_of(const struct registry *registry)
{
    size_t n = 0;
    while (registry_at(registry, n))
        n++;
    return n;
}

static void list_places(struct pool *pool)
{
    const struct registry *divisions = pool->district.divisions;
    pool->places = xcalloc(rows_of(divisions) + 1, sizeof *pool->places);
    for (size_t i = 0; registry_at(divisions, i); i++)
        if (span_is(cell(divisions, i, "level"), "community"))
            pool->places[pool->place_count++] =
                (struct pool_place){cell(divisions, i, "code"), cell(divisions, i, "name"),
                                    cell(divisions, i, "parent_code"), POOL_NONE, false};
}

/* Three quarters of a cadence of minutes or hours, and of any other three hours. */
static int64_t beat_of(struct span cadence)
{
    const int64_t least = 15 * MINUTE, most = 180 * MINUTE;
    char unit = cadence.len ? cadence.at[cadence.len - 1] : 'd';
    int64_t every = most, number;
    if ((unit == 'm' || unit == 'h') &&
        span_to_int64(span_from(cadence.at, cadence.len - 1), &number))
        every = number * (unit == 'h' ? 60 : 1) * MINUTE * 3 / 4;
    return every < least ? least : every > most ? most : every;
}

static void list_stations(struct pool *pool)
{
    pool->stations = xcalloc(rows_of(pool->station_rows) + 1, sizeof *pool->stations);
    pool->beat_ms = xcalloc(rows_of(pool->station_rows) + 1, sizeof *pool->beat_ms);
    for (size_t i = 0; registry_at(pool->station_rows, i); i++) {
        struct span community = cell(pool->station_rows, i, "community_code");
        bool csv = span_ends(cell(pool->station_rows, i, "family"), SPAN("_csv"));
        for (size_t p = 0; p < pool->place_count; p++)
            if (span_equal(pool->places[p].code, community)) {
                pool->places[p].station = pool->station_count;
                pool->places[p].csv = csv;
            }
        pool->beat_ms[pool->station_count] = beat_of(cell(pool->station_rows, i, "cadence"));
        pool->stations[pool->station_count++] = cell(pool->station_rows, i, "code");
    }
}

static void list_types(struct pool *pool)
{
    const struct registry *types = pool->district.types;
    pool->types = xcalloc(rows_of(types) + 1, sizeof *pool->types);
    for (size_t i = 0; registry_at(types, i); i++)
        if (cell(types, i, "parent_code").len)
            pool->types[pool->type_count++] =
                (struct pool_type){cell(types, i, "code"), cell(types, i, "name")};
}

static void list_units(struct pool *pool)
{
    const struct registry *units = pool->district.units;
    pool->units = xcalloc(rows_of(units) + 1, sizeof *pool->units);
    for (size_t i = 0; registry_at(units, i); i++)
        if (!span_is(cell(units, i, "kind"), "desk"))
            pool->units[pool->unit_count++] = cell(units, i, "code");
}

static bool read_files(struct pool *pool, const char *config_dir, struct diagnostics *diagnostics)
{
    char path[512];
    if (!district_load(&pool->district, config_dir, diagnostics))
        return false;
    snprintf(path, sizeof path, "%s/registries/stations.csv", config_dir);
    pool->station_rows = registry_load(path, diagnostics);
    snprintf(path, sizeof path, "%s/rules/dispatch.yaml", config_dir);
    pool->rules = rules_load(path, &pool->district, diagnostics);
    snprintf(path, sizeof path, "%s/feeds/callbacks.yaml", config_dir);
    pool->calls_back = access(path, F_OK) == 0;
    return pool->station_rows && pool->rules;
}

bool pool_load(struct pool *pool, const char *config_dir, struct error *error)
{
    struct diagnostics *diagnostics = diagnostics_new();
    *pool = (struct pool){0};
    if (read_files(pool, config_dir, diagnostics)) {
        list_places(pool);
        list_stations(pool);
        list_types(pool);
        list_units(pool);
        mix_load(&pool->mix, config_dir, pool->district.types, pool->types, pool->type_count,
                 diagnostics);
        turns_load(&pool->turns, config_dir, diagnostics);
        reasons_load(&pool->reasons, config_dir, diagnostics);
    }
    bool good = diagnostics_to_error(diagnostics, error);
    diagnostics_free(diagnostics);
    if (good &&
        (!pool->place_count || !pool->type_count || !pool->station_count || pool->unit_count < 2))
        good = error_set(error, ERROR_CONFIG, 0,
                         "%s/registries: a day needs communities, stations, request types and two "
                         "units; fix: fill divisions.csv, stations.csv, request_types.csv, "
                         "units.csv",
                         config_dir);
    if (!good)
        pool_fini(pool);
    return good;
}

void pool_fini(struct pool *pool)
{
    free(pool->places);
    free(pool->types);
    free(pool->stations);
    free(pool->beat_ms);
    free(pool->units);
    mix_fini(&pool->mix);
    reasons_fini(&pool->reasons);
    rules_free(pool->rules);
    registry_free(pool->station_rows);
    district_fini(&pool->district);
    *pool = (struct pool){0};
}
