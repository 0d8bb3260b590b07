/* SPDX-License-Identifier: Apache-2.0 */
/* Every station of the registry beside when it was last heard: alive, late, silent or never heard
 * at the moment `now`; before the first tick nothing is known of anybody. Used in this order:
 * station_report_new, station_report_hear …, the readers, station_report_free. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "model/sighting.h"
#include "model/stations.h"

struct station_report_rules { /* borrowed */
    const struct stations *stations;
    const struct calendar *calendar;
    int zone_minutes;
};

enum station_report_state {
    STATION_ALIVE,
    STATION_LATE,   /* one cadence has passed without a word */
    STATION_SILENT, /* three have */
    STATION_NEVER,  /* not heard since anybody listens */
    STATION_UNKNOWN /* heard, and in no registry today */
};
#define STATION_STATES 5

struct station_report_row {
    const struct station *station; /* NULL = unknown */
    struct sighting heard;         /* its texts are borrowed from who told of it */
    enum station_report_state state;
    int64_t due_ms;   /* CADENCE_NEVER = it does not open any more */
    int64_t since_ms; /* of late and silent: since when; else TIMESTAMP_NONE */
    int64_t refused;  /* rows that named it and could not be read, of the day */
    bool is_open;     /* by its hours; of the unknown nobody knows */
};

struct station_report;
struct station_report *station_report_new(const struct station_report_rules *rules, int64_t now_ms);
void station_report_free(struct station_report *report);
/* Any number of times for one station: the newest that is of its family holds. */
void station_report_hear(struct station_report *report, const struct sighting *sighting);
/* Of a station that the registry has; whoever else a refused row names is nobody. */
void station_report_refuse(struct station_report *report, struct span station, int64_t rows);
/* The district's wall clock with its offset, in quotes; null where it is no moment. */
void station_report_add_moment(const struct station_report_rules *rules, int64_t ms,
                               struct strbuf *out);
int64_t station_report_now(const struct station_report *report);
/* Judged when first asked for; in the registry's order, the unknown behind. NULL behind the last,
 * and always before the first tick: neither hours nor who is registered is known of no day. */
const struct station_report_row *station_report_at(struct station_report *report, size_t index);
const char *station_report_state_name(enum station_report_state state);
/* A list of their names, separated by commas, "" = all, to bits; false for anything else. */
bool station_report_read_states(struct span text, unsigned *states);
enum station_report_hours { STATION_ANY_HOURS, STATION_IN_HOURS, STATION_OUT_OF_HOURS };
/* {now, counts: {state: n}, closed: how many are outside their hours, rows: [of those asked for]};
 * before the first tick now and the counts are null. */
void station_report_write(struct station_report *report, unsigned states,
                          enum station_report_hours hours, struct strbuf *out);
