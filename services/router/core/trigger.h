/* SPDX-License-Identifier: Apache-2.0 */
/* config/triggers/<trigger>.yaml compiled: what a trigger listens to, how it groups, when it fires,
 * what it opens. Pass 1 asks `steps` of every event and sends the fields named in `fields`; pass 2
 * (window_flow.h) judges by `form`.
 *
 *   count      so many facts, of so many different people, within a time: judged on arrival
 *   sequence   one thing, then another within a time: on arrival
 *   notice     a notice (rain, an outage) where facts of that kind are known: on arrival
 *   surge      a day's facts against the same weekday's of eight weeks: at the end of the day
 *   absence    nothing said within a time, or up to a share of the time before the due: on the
 * clock silence    a station not heard by its own cadence, hours and holidays: on the clock
 *   threshold  a value above or below for a time: on the clock
 *   calendar   on a day of the year, where enough facts are known: on the clock
 *
 * A fact has arrived when the clock has passed its receipt, for then all that was received before
 * is there; where a trigger groups by case, at once (docs/decisions/0042). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "config/diagnostics.h"
#include "config/yaml_name.h"
#include "model/case_kind.h"
#include "model/event.h"
#include "router/core/district.h"
#include "router/core/predicate.h"

#define TRIGGER_MOST          64
#define TRIGGER_MOST_STEPS    8
#define TRIGGER_MOST_NAMES    16
#define TRIGGER_MOST_GROUP    4
#define TRIGGER_MOST_FIELDS   16
#define TRIGGER_MOST_EVIDENCE 100
#define TRIGGER_HORIZON_MS                                                                         \
    (INT64_C(7) * 86400000) /* a fact told later than that counts nowhere                          \
                             */

enum trigger_form {
    TRIGGER_COUNT,
    TRIGGER_SEQUENCE,
    TRIGGER_NOTICE,
    TRIGGER_SURGE,
    TRIGGER_ABSENCE,
    TRIGGER_SILENCE,
    TRIGGER_THRESHOLD,
    TRIGGER_CALENDAR,
    TRIGGER_FORMS
};

enum trigger_role {
    TRIGGER_FACT,   /* is counted, or begins: `on`; `first` of a sequence */
    TRIGGER_ANSWER, /* `of` an absence: ends the waiting; `then` of a sequence */
    TRIGGER_SPREAD  /* `of` a notice: for every group it concerns */
};

struct trigger_step { /* one thing it listens to */
    uint32_t key;     /* names it in signals: a hash of all that follows but the place */
    enum trigger_role role;
    bool sighting;            /* any word of a station (model/sighting.h); kind and names are empty.
                                 Fields: station, via; its time is the sighting's */
    enum event_family family; /* EVENT_CASE or EVENT_OBSERVATION */
    struct span kind;         /* of the case; never `proactive` unless it is written */
    struct span names[TRIGGER_MOST_NAMES]; /* stages, or kinds of observation; none = any */
    size_t name_count;
    struct predicates when; /* of the event's data, and of its case's: type_code, lead, … */
    /* To every partition, for the groups it concerns may be anywhere: the key is the trigger's name
     * alone, and the fields of its place are sent along. Others go by group. */
    bool everywhere;
    struct place place; /* where it says what it listens to */
};

struct trigger_season { /* days of the year, both included; may reach over new year */
    int from_month, from_day, to_month, to_day; /* from_month 0 = all year */
};

struct trigger_open {
    bool same_type, same_place; /* of the newest fact */
    const char *type_code;      /* else this one; NULL = none */
    const char *lead;           /* a unit to propose; NULL = the rules find it */
    const char *limit_class;    /* NULL = the type's */
    const char *say;            /* Chinese, with {words} */
};

struct trigger {
    const char *name; /* `trigger:` */
    struct yaml_name called;
    enum trigger_form form;
    struct trigger_step steps[TRIGGER_MOST_STEPS];
    size_t step_count;
    struct span group[TRIGGER_MOST_GROUP]; /* fields, or "case" for the case's id */
    size_t group_count;
    struct place group_place;
    uint64_t shape; /* a hash of what its windows are made of; of another one nothing is kept */
    struct span fields[TRIGGER_MOST_FIELDS]; /* all that a signal has to bring, where it is known */
    size_t field_count;
    struct trigger_season season;
    int64_t valid_from_ms, valid_to_ms;

    int64_t within_ms;    /* count, sequence, absence, notice and calendar: how far back */
    int64_t at_least;     /* facts: count, surge, notice, calendar */
    struct span distinct; /* field of which so many different values are needed; absent = none */
    struct place distinct_place;
    int64_t distinct_at_least;
    int64_t weeks, judged_with, sigma_millionths; /* surge */
    bool before_due;                              /* absence: before `due_at` and not `within` */
    int64_t share_millionths, at_most_ms;         /* absence: of the whole time, but at most */
    int64_t cadences;                             /* silence */
    struct span value;                            /* threshold: the field */
    struct place value_place;
    int64_t above, below;     /* millionths; INT64_MIN, INT64_MAX = not asked */
    int64_t for_ms, holds_ms; /* a reading holds until the next, at most so long */
    int month, day;           /* calendar */
    bool other_case;          /* sequence: of two cases */

    int64_t cool_down_ms;
    int64_t most_at_once; /* a partition of `signals`: between two steps of the clock */
    int64_t most_a_day;   /* a partition of `signals`: of a civil day */
    bool confirm;         /* the desk's word is needed before it is dispatched */
    struct trigger_open open;
    const struct yaml_node *words; /* what codes are called in `say`, or NULL */
    struct place place;
};

const char *trigger_form_name(enum trigger_form form); /* as its key in the file */

struct triggers;
/* Every *.yaml of the folder, by name; none at all where there is no such folder. NULL on error. */
struct triggers *triggers_load(const char *folder, const struct kinds *kinds,
                               const struct district *district, struct diagnostics *diagnostics);
void triggers_free(struct triggers *triggers);
size_t triggers_count(const struct triggers *triggers);
const struct trigger *triggers_at(const struct triggers *triggers, size_t index);
const struct trigger *triggers_find(const struct triggers *triggers,
                                    struct span name); /* or NULL */
size_t triggers_index(const struct triggers *triggers, const struct trigger *trigger);

/* The step that heard a signal, or NULL: none of this bundle's. */
const struct trigger_step *trigger_step(const struct trigger *trigger, uint32_t key);
/* Is it in force at that time: valid_from, valid_to, season. Pass 2 asks it of every fact. */
bool trigger_is_on(const struct trigger *trigger, int64_t time_ms);
/* How long a fact is kept for its windows, from its time on. */
int64_t trigger_keeps_ms(const struct trigger *trigger);
