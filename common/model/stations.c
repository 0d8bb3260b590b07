/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the registry beside what their cells mean, by index. */
#include "model/stations.h"

#include <stdlib.h>

#include "base/memory.h"
#include "model/registry.h"

struct stations {
    struct registry *registry; /* owned */
    struct station *rows;      /* owned; the registry's rows in their order */
    size_t count;
};

static void read_station(const struct registry *registry, const struct registry_row *row,
                         struct station *station, struct diagnostics *diagnostics)
{
    *station = (struct station){.code = registry_cell(registry, row, "code"),
                                .name = registry_cell(registry, row, "name"),
                                .community_code = registry_cell(registry, row, "community_code"),
                                .street_code = registry_cell(registry, row, "street_code"),
                                .family = registry_cell(registry, row, "family"),
                                .every = registry_cell(registry, row, "cadence"),
                                .hours = registry_cell(registry, row, "hours")};
    station->family_place = registry_place(registry, row, station->family);
    if (!station->family.len)
        diagnostics_add(diagnostics, station->family_place, "name a feed of config/feeds",
                        "station %.*s has no family", SPAN_ARG(station->code));
    if (!cadence_parse_every(&station->cadence, station->every))
        diagnostics_add(diagnostics, registry_place(registry, row, station->every),
                        "30m, 4h (of its open hours), 1d (each open day) or 1w",
                        "cadence cannot be \"%.*s\"", SPAN_ARG(station->every));
    if (!cadence_parse_hours(&station->cadence, station->hours))
        diagnostics_add(diagnostics, registry_place(registry, row, station->hours),
                        "days 1 (Monday) to 7 and h (holidays), then times: 1-5 08:30-11:30 "
                        "13:30-17:30;6,h 09:00-12:00",
                        "hours cannot be \"%.*s\"", SPAN_ARG(station->hours));
}

struct stations *stations_load(const char *file, struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics);
    struct registry *registry = registry_load(file, diagnostics);
    if (!registry)
        return NULL;
    struct stations *stations = xcalloc(1, sizeof *stations);
    stations->registry = registry;
    while (registry_at(registry, stations->count))
        stations->count++;
    stations->rows = xcalloc(stations->count + 1, sizeof *stations->rows);
    for (size_t i = 0; i < stations->count; i++)
        read_station(registry, registry_at(registry, i), &stations->rows[i], diagnostics);
    if (diagnostics_errors(diagnostics) == errors)
        return stations;
    stations_free(stations);
    return NULL;
}

void stations_free(struct stations *stations)
{
    if (!stations)
        return;
    registry_free(stations->registry);
    free(stations->rows);
    free(stations);
}

size_t stations_count(const struct stations *stations)
{
    return stations->count;
}

const struct station *stations_at(const struct stations *stations, size_t index, int64_t day)
{
    const struct station *station = &stations->rows[index];
    return registry_find(stations->registry, station->code, day) ==
                   registry_at(stations->registry, index)
               ? station
               : NULL;
}

const struct station *stations_find(const struct stations *stations, struct span code, int64_t day)
{
    for (size_t i = 0; code.len && i < stations->count; i++)
        if (span_equal(stations->rows[i].code, code) && stations_at(stations, i, day))
            return &stations->rows[i];
    return NULL;
}
