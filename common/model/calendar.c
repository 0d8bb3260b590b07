/* SPDX-License-Identifier: Apache-2.0 */
/* Two bits a day from the first year to the last: whoever asks for a day of a case does it by
 * arithmetic. */
#include "model/calendar.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "model/registry.h"

#define MOST_YEARS 200

struct calendar {
    char *file;             /* owned */
    struct place last_year; /* where it stands */
    int64_t first_year, end_year;
    int64_t from_day, to_day; /* half-open */
    uint8_t *kinds;           /* owned; one a day */
};

static int64_t first_day_of(int64_t year)
{
    return timestamp_days((int)year, 1, 1);
}

static bool is_kind(const struct registry *registry, const struct registry_row *row,
                    const char *kind)
{
    return span_is(registry_cell(registry, row, "kind"), kind);
}

/* Years stand in the file as they follow each other. */
static void read_year(struct calendar *calendar, const struct registry *registry,
                      const struct registry_row *row, struct diagnostics *diagnostics)
{
    struct span code = registry_cell(registry, row, "code");
    int64_t year;
    if (!span_to_int64(code, &year) || year < 1970 || year > 9998) {
        diagnostics_add(diagnostics, registry_place(registry, row, code), "write it as 2026,year,",
                        "\"%.*s\" is no year", SPAN_ARG(code));
        return;
    }
    if (calendar->end_year == 0)
        calendar->first_year = calendar->end_year = year;
    if (year != calendar->end_year || year - calendar->first_year >= MOST_YEARS) {
        diagnostics_add(diagnostics, registry_place(registry, row, code),
                        "let the years follow each other",
                        "year %lld stands where %lld is expected", (long long)year,
                        (long long)calendar->end_year);
        return;
    }
    calendar->end_year = year + 1;
    calendar->last_year = registry_place(registry, row, code);
    calendar->last_year.file = calendar->file;
}

static void read_years(struct calendar *calendar, const struct registry *registry,
                       struct diagnostics *diagnostics)
{
    const struct registry_row *row;
    for (size_t i = 0; (row = registry_at(registry, i)); i++) {
        struct span kind = registry_cell(registry, row, "kind");
        if (span_is(kind, "year"))
            read_year(calendar, registry, row, diagnostics);
        else if (!is_kind(registry, row, "holiday") && !is_kind(registry, row, "workday"))
            diagnostics_add(diagnostics, registry_place(registry, row, kind),
                            "year, holiday or workday", "kind cannot be \"%.*s\"", SPAN_ARG(kind));
    }
    if (calendar->end_year == 0)
        diagnostics_add(diagnostics, (struct place){calendar->file, 0, 0},
                        "add a row like 2026,year, before the days of 2026",
                        "it does not say of which years it tells");
    calendar->from_day = first_day_of(calendar->first_year);
    calendar->to_day = first_day_of(calendar->end_year);
}

static void read_day(struct calendar *calendar, const struct registry *registry,
                     const struct registry_row *row, struct diagnostics *diagnostics)
{
    struct span code = registry_cell(registry, row, "code");
    enum calendar_kind kind =
        is_kind(registry, row, "holiday") ? CALENDAR_HOLIDAY : CALENDAR_WORKDAY;
    struct place place = registry_place(registry, row, code);
    int64_t ms, day;
    if (code.len != 10 || !timestamp_parse(code, "%Y-%m-%d", 0, &ms)) {
        diagnostics_add(diagnostics, place, "write YYYY-MM-DD", "\"%.*s\" is no date",
                        SPAN_ARG(code));
        return;
    }
    day = timestamp_day(ms, 0);
    if (!calendar_knows(calendar, day)) {
        diagnostics_add(diagnostics, place, "add the row of its year",
                        "%.*s is of a year that the file does not tell of", SPAN_ARG(code));
        return;
    }
    if (kind == CALENDAR_WORKDAY && calendar_weekday(day) <= 5)
        diagnostics_add(diagnostics, place, "look at the announcement again",
                        "%.*s is no day of a weekend and worked anyway", SPAN_ARG(code));
    calendar->kinds[day - calendar->from_day] = (uint8_t)kind;
}

struct calendar *calendar_load(const char *file, struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics);
    struct registry *registry = registry_load(file, diagnostics);
    if (!registry)
        return NULL;
    struct calendar *calendar = xcalloc(1, sizeof *calendar);
    calendar->file = xstrdup(file);
    read_years(calendar, registry, diagnostics);
    if (diagnostics_errors(diagnostics) == errors) {
        const struct registry_row *row;
        calendar->kinds = xcalloc((size_t)(calendar->to_day - calendar->from_day), 1);
        for (size_t i = 0; (row = registry_at(registry, i)); i++)
            if (!is_kind(registry, row, "year"))
                read_day(calendar, registry, row, diagnostics);
    }
    registry_free(registry);
    if (diagnostics_errors(diagnostics) == errors)
        return calendar;
    calendar_free(calendar);
    return NULL;
}

void calendar_free(struct calendar *calendar)
{
    if (!calendar)
        return;
    free(calendar->file);
    free(calendar->kinds);
    free(calendar);
}

bool calendar_knows(const struct calendar *calendar, int64_t day)
{
    return day >= calendar->from_day && day < calendar->to_day;
}

enum calendar_kind calendar_day(const struct calendar *calendar, int64_t day)
{
    return calendar_knows(calendar, day)
               ? (enum calendar_kind)calendar->kinds[day - calendar->from_day]
               : CALENDAR_ORDINARY;
}

int calendar_weekday(int64_t day)
{
    return (int)(((day + 3) % 7 + 7) % 7) + 1; /* day 0 was a Thursday */
}

bool calendar_is_working(const struct calendar *calendar, int64_t day)
{
    enum calendar_kind kind = calendar_day(calendar, day);
    return kind == CALENDAR_ORDINARY ? calendar_weekday(day) <= 5 : kind == CALENDAR_WORKDAY;
}

void calendar_check_end(const struct calendar *calendar, int64_t today,
                        struct diagnostics *diagnostics)
{
    int64_t left = calendar->to_day - today;
    if (left > CALENDAR_WARN_DAYS)
        return;
    diagnostics_warn(diagnostics, calendar->last_year,
                     "add the year's row and its days as soon as they are announced; until then "
                     "its days go by their weekday",
                     "the calendar tells nothing of %lld, %s", (long long)calendar->end_year,
                     left > 0 ? "which begins soon" : "which has begun");
}
