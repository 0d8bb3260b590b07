/* SPDX-License-Identifier: Apache-2.0 */
/* TZif as RFC 8536 has it, the 64-bit block only: moments at which the offset changes. The rule in
 * the footer is not read, so a file must reach to 2037 where there is summer time (it does where it
 * was made "fat", as Debian does). Asia/Shanghai is built in: what one machine's database says
 * about 1986-1991 must not make its events differ from another's. */
#include "base/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FILE_MAX_BYTES (64 << 10)
#define HEADER_BYTES   44
#define DAY_SECONDS    86400
#define REACH          INT64_C(2114380800) /* 2037-01-01 */

struct zone {
    int32_t first_offset; /* seconds east, before the first change */
    size_t count;
    struct change {
        int64_t at; /* seconds since 1970 UTC */
        int32_t offset;
    } changes[];
};

static struct zone *fixed(int minutes)
{
    struct zone *zone = xcalloc(1, sizeof *zone);
    zone->first_offset = minutes * 60;
    return zone;
}

static uint64_t big_endian(const unsigned char *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

struct counts {
    size_t utc, standard, leaps, times, types, letters;
};

static bool read_counts(const unsigned char *at, size_t len, struct counts *counts)
{
    if (len < HEADER_BYTES || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
        return false;
    size_t *to[] = {&counts->utc,   &counts->standard, &counts->leaps,
                    &counts->times, &counts->types,    &counts->letters};
    for (size_t i = 0; i < 6; i++) {
        *to[i] = (size_t)big_endian(at + 20 + 4 * i, 4);
        if (*to[i] > FILE_MAX_BYTES)
            return false;
    }
    return true;
}

static size_t block_bytes(const struct counts *counts, size_t time_bytes)
{
    return counts->times * (time_bytes + 1) + counts->types * 6 + counts->letters +
           counts->leaps * (time_bytes + 4) + counts->standard + counts->utc;
}

static struct zone *read_changes(const unsigned char *at, const struct counts *counts)
{
    const unsigned char *kinds = at + counts->times * 8, *types = kinds + counts->times;
    struct zone *zone =
        xcalloc(1, sizeof *zone + counts->times * sizeof *((struct zone *)0)->changes);
    zone->first_offset = (int32_t)big_endian(types, 4);
    zone->count = counts->times;
    for (size_t i = 0; i < counts->times; i++) {
        if (kinds[i] >= counts->types) {
            zone_free(zone);
            return NULL;
        }
        zone->changes[i] = (struct change){(int64_t)big_endian(at + i * 8, 8),
                                           (int32_t)big_endian(types + (size_t)kinds[i] * 6, 4)};
    }
    return zone;
}

/* The footer is "\nEST5EDT,M3.2.0,M11.1.0\n" where there is summer time, "\nCST-8\n" where not. */
static bool reaches_far_enough(const struct zone *zone, struct span footer)
{
    return span_find(footer, ',') < 0 ||
           (zone->count > 0 && zone->changes[zone->count - 1].at >= REACH);
}

static struct zone *parse(const unsigned char *file, size_t len)
{
    struct counts counts;
    if (!read_counts(file, len, &counts))
        return NULL;
    size_t skip = HEADER_BYTES + block_bytes(&counts, 4);
    if (skip > len || !read_counts(file + skip, len - skip, &counts))
        return NULL;
    size_t begin = skip + HEADER_BYTES, bytes = block_bytes(&counts, 8);
    if (begin + bytes > len || counts.types == 0)
        return NULL;
    struct zone *zone = read_changes(file + begin, &counts);
    struct span footer = span_from((const char *)file + begin + bytes, len - begin - bytes);
    if (zone && reaches_far_enough(zone, footer))
        return zone;
    zone_free(zone);
    return NULL;
}

/* Names only: nothing outside of the database's folder. */
static bool is_name(struct span name)
{
    if (name.len == 0 || name.len > 64 || name.at[0] == '/')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (c < '0' || c > '9') && strchr("_+-/", c) == NULL)
            return false;
    }
    return true;
}

static struct zone *load(struct span name)
{
    char path[512];
    const char *folder = getenv("TZDIR");
    snprintf(path, sizeof path, "%s/%.*s", folder ? folder : "/usr/share/zoneinfo", SPAN_ARG(name));
    FILE *input = fopen(path, "rb");
    if (!input)
        return NULL;
    unsigned char *file = xmalloc(FILE_MAX_BYTES);
    size_t len = fread(file, 1, FILE_MAX_BYTES, input);
    struct zone *zone = parse(file, len);
    fclose(input);
    free(file);
    return zone;
}

struct zone *zone_new(struct span name)
{
    int minutes;
    if (timestamp_parse_zone(name, &minutes))
        return fixed(minutes);
    return is_name(name) ? load(name) : NULL;
}

void zone_free(struct zone *zone)
{
    free(zone);
}

static int32_t offset_at(const struct zone *zone, int64_t seconds)
{
    size_t low = 0, high = zone->count; /* changes before `low` lie at or before it */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->changes[middle].at <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? zone->first_offset : zone->changes[low - 1].offset;
}

/* Offsets of a day before and a day after hold around any one change; the right one is that under
 * which the clocks do show this time. */
bool zone_to_utc(const struct zone *zone, const struct civil *civil, int64_t *ms)
{
    int64_t wall;
    if (!timestamp_from_civil(civil, 0, &wall))
        return false;
    if (zone->count == 0) {
        *ms = wall - zone->first_offset * INT64_C(1000);
        return true;
    }
    int64_t seconds = (wall - civil->millisecond) / 1000;
    int32_t before = offset_at(zone, seconds - DAY_SECONDS);
    int32_t after = offset_at(zone, seconds + DAY_SECONDS);
    if (offset_at(zone, seconds - before) == before)
        *ms = wall - before * INT64_C(1000);
    else if (offset_at(zone, seconds - after) == after)
        *ms = wall - after * INT64_C(1000);
    else
        return false;
    return true;
}

void zone_to_civil(const struct zone *zone, int64_t ms, struct civil *civil)
{
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    timestamp_to_civil(ms + offset_at(zone, seconds) * INT64_C(1000), 0, civil);
}

bool zone_parse(const struct zone *zone, struct span s, const char *pattern, int64_t *ms)
{
    struct civil civil;
    int offset_minutes = TIMESTAMP_NO_OFFSET;
    if (!timestamp_parse_civil(s, pattern, &civil, &offset_minutes))
        return false;
    if (offset_minutes != TIMESTAMP_NO_OFFSET)
        return timestamp_from_civil(&civil, offset_minutes, ms);
    return zone_to_utc(zone, &civil, ms);
}
