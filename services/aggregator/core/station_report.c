/* SPDX-License-Identifier: Apache-2.0 */
/* Judging is the cadence's; here rows meet what was heard, and become JSON. */
#include "aggregator/core/station_report.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/timestamp.h"

#define MOST_UNKNOWN 1000

struct station_report {
    struct station_report_rules rules;
    int64_t now_ms;
    struct station_report_row *rows; /* owned: the registry's of today, then the unknown */
    size_t count, known;
    bool judged;
};

static const char *const names[STATION_STATES] = {"alive", "late", "silent", "never", "unknown"};

struct station_report *station_report_new(const struct station_report_rules *rules, int64_t now_ms)
{
    struct station_report *report = xcalloc(1, sizeof *report);
    size_t most = stations_count(rules->stations);
    int64_t today = timestamp_day(now_ms, rules->zone_minutes);
    report->rules = *rules;
    report->now_ms = now_ms;
    report->rows = xcalloc(most + MOST_UNKNOWN, sizeof *report->rows);
    for (size_t i = 0; i < most; i++) {
        const struct station *station = stations_at(rules->stations, i, today);
        if (station)
            report->rows[report->count++] = (struct station_report_row){
                .station = station, .heard = {.seen_ms = TIMESTAMP_NONE}};
    }
    report->known = report->count;
    return report;
}

void station_report_free(struct station_report *report)
{
    free(report->rows);
    free(report);
}

static struct span code_of(const struct station_report_row *row)
{
    return row->station ? row->station->code : row->heard.station;
}

void station_report_hear(struct station_report *report, const struct sighting *sighting)
{
    size_t i = 0;
    while (i < report->count && !span_equal(code_of(&report->rows[i]), sighting->station))
        i++;
    struct station_report_row *row = &report->rows[i];
    if (i == report->count) {
        if (report->count - report->known == MOST_UNKNOWN)
            return;
        *row = (struct station_report_row){.heard = {.seen_ms = TIMESTAMP_NONE}};
        report->count++;
    }
    report->judged = false;
    if ((!row->station || sighting_is_of(sighting->via, row->station->family)) &&
        row->heard.seen_ms < sighting->seen_ms)
        row->heard = *sighting;
}

void station_report_refuse(struct station_report *report, struct span station, int64_t rows)
{
    for (size_t i = 0; i < report->known; i++)
        if (span_equal(code_of(&report->rows[i]), station))
            report->rows[i].refused += rows;
}

static void judge_row(const struct station_report *report, struct station_report_row *row)
{
    static const enum station_report_state states[] = {
        [CADENCE_ALIVE] = STATION_ALIVE,
        [CADENCE_LATE] = STATION_LATE,
        [CADENCE_SILENT] = STATION_SILENT,
    };
    const struct station_report_rules *rules = &report->rules;
    bool heard = row->heard.seen_ms != TIMESTAMP_NONE;
    row->due_ms = CADENCE_NEVER;
    row->since_ms = TIMESTAMP_NONE;
    row->state = row->station ? STATION_NEVER : STATION_UNKNOWN;
    if (!row->station)
        return;
    const struct cadence *cadence = &row->station->cadence;
    row->is_open = cadence_is_open(cadence, rules->calendar, rules->zone_minutes, report->now_ms);
    if (!heard)
        return;
    row->due_ms = cadence_due(cadence, rules->calendar, rules->zone_minutes, row->heard.seen_ms, 1);
    row->state = states[cadence_state(cadence, rules->calendar, rules->zone_minutes,
                                      row->heard.seen_ms, report->now_ms)];
    if (row->state == STATION_LATE)
        row->since_ms = row->due_ms;
    if (row->state == STATION_SILENT)
        row->since_ms = cadence_due(cadence, rules->calendar, rules->zone_minutes,
                                    row->heard.seen_ms, CADENCE_SILENT_AFTER);
}

int64_t station_report_now(const struct station_report *report)
{
    return report->now_ms;
}

static bool has_clock(const struct station_report *report)
{
    return report->now_ms > 0;
}

const struct station_report_row *station_report_at(struct station_report *report, size_t index)
{
    if (!has_clock(report))
        return NULL;
    for (size_t i = 0; !report->judged && i < report->count; i++)
        judge_row(report, &report->rows[i]);
    report->judged = true;
    return index < report->count ? &report->rows[index] : NULL;
}

const char *station_report_state_name(enum station_report_state state)
{
    return names[state];
}

bool station_report_read_states(struct span text, unsigned *states)
{
    *states = text.len ? 0 : (1U << STATION_STATES) - 1;
    while (text.len) {
        struct span word = span_cut(&text, ',');
        unsigned bit = 0;
        for (unsigned i = 0; i < STATION_STATES; i++)
            if (span_is(word, names[i]))
                bit = 1U << i;
        if (!bit)
            return false;
        *states |= bit;
    }
    return true;
}

void station_report_add_moment(const struct station_report_rules *rules, int64_t ms,
                               struct strbuf *out)
{
    struct civil civil;
    int zone = rules->zone_minutes, minutes = zone < 0 ? -zone : zone;
    if (ms == TIMESTAMP_NONE || ms == CADENCE_NEVER) {
        strbuf_add(out, SPAN("null"));
        return;
    }
    timestamp_to_civil(ms, zone, &civil);
    strbuf_addf(out, "\"%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d\"", civil.year, civil.month,
                civil.day, civil.hour, civil.minute, civil.second, zone < 0 ? '-' : '+',
                minutes / 60, minutes % 60);
}

static void add_time(const struct station_report *report, const char *name, int64_t ms,
                     struct strbuf *out)
{
    strbuf_addf(out, ",\"%s\":", name);
    station_report_add_moment(&report->rules, ms, out);
}

static void add_text(const char *name, struct span text, struct strbuf *out)
{
    strbuf_addf(out, ",\"%s\":", name);
    if (text.len)
        strbuf_add_json(out, text);
    else
        strbuf_add(out, SPAN("null"));
}

static void write_row(const struct station_report *report, const struct station_report_row *row,
                      struct strbuf *out)
{
    static const struct station nothing = {0};
    const struct station *station = row->station ? row->station : &nothing;
    strbuf_add(out, SPAN("{\"station\":"));
    strbuf_add_json(out, code_of(row));
    strbuf_addf(out, ",\"state\":\"%s\"", names[row->state]);
    add_time(report, "seen", row->heard.seen_ms, out);
    add_text("via", row->heard.via, out);
    add_time(report, "due", row->due_ms, out);
    add_time(report, "since", row->since_ms, out);
    strbuf_addf(out, ",\"refused\":%lld,\"open\":%s", (long long)row->refused,
                !row->station  ? "null"
                : row->is_open ? "true"
                               : "false");
    add_text("cadence", station->every, out);
    add_text("hours", station->hours, out);
    add_text("family", station->family, out);
    add_text("street_code", station->street_code, out);
    add_text("name", station->name, out);
    strbuf_add_char(out, '}');
}

static bool is_asked(const struct station_report_row *row, unsigned states,
                     enum station_report_hours hours)
{
    if (!(states & (1U << row->state)))
        return false;
    return hours == STATION_ANY_HOURS ||
           (row->station && row->is_open == (hours == STATION_IN_HOURS));
}

static void add_count(const struct station_report *report, size_t count, struct strbuf *out)
{
    if (has_clock(report))
        strbuf_addf(out, "%zu", count);
    else
        strbuf_add(out, SPAN("null"));
}

static void write_counts(struct station_report *report, struct strbuf *out)
{
    size_t counts[STATION_STATES] = {0}, closed = 0;
    const struct station_report_row *row;
    for (size_t i = 0; (row = station_report_at(report, i)); i++) {
        counts[row->state]++;
        closed += row->station && !row->is_open;
    }
    strbuf_add(out, SPAN(",\"counts\":"));
    for (size_t i = 0; i < STATION_STATES; i++) {
        strbuf_addf(out, "%c\"%s\":", i ? ',' : '{', names[i]);
        add_count(report, counts[i], out);
    }
    strbuf_add(out, SPAN("},\"closed\":"));
    add_count(report, closed, out);
}

void station_report_write(struct station_report *report, unsigned states,
                          enum station_report_hours hours, struct strbuf *out)
{
    const struct station_report_row *row;
    size_t written = 0;
    strbuf_addf(out, "{\"now_ms\":%lld", (long long)report->now_ms);
    add_time(report, "now", has_clock(report) ? report->now_ms : TIMESTAMP_NONE, out);
    write_counts(report, out);
    strbuf_add(out, SPAN(",\"rows\":["));
    for (size_t i = 0; (row = station_report_at(report, i)); i++) {
        if (!is_asked(row, states, hours))
            continue;
        if (written++)
            strbuf_add_char(out, ',');
        write_row(report, row, out);
    }
    strbuf_add(out, SPAN("]}"));
}
