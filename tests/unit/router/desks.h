/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the desk's questions say and look at: the newest order in a unit's topic, and when
 * something was said. */
#pragma once

#include "flow.h"

#define MINUTE 60000LL
#define LEAD   "s110105001"

static inline struct told said(const char *id, const char *stage, const char *party,
                               int64_t time_ms)
{
    return (struct told){.id = id,
                         .stage = stage,
                         .party = party,
                         .unit = strcmp(party, "lead") == 0   ? LEAD
                                 : strcmp(party, "desk") == 0 ? "desk"
                                                              : NULL,
                         .data = "{}",
                         .time_ms = time_ms};
}

/* The newest order of the case in a unit's topic. */
static inline const struct kept *newest(const char *unit)
{
    const struct kept *found = NULL;
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream == STREAM_DISPATCH && strcmp(kept[i].suffix, unit) == 0)
            found = &kept[i];
    return found;
}

static inline void assert_newest(const char *unit, const char *kind, const char *text)
{
    char wanted[64];
    const struct kept *last = newest(unit);
    snprintf(wanted, sizeof wanted, "\"kind\":\"%s\"", kind);
    assert_non_null(last);
    assert_non_null(strstr(last->value, wanted));
    assert_non_null(strstr(last->value, text));
}

static inline size_t asked(const char *code)
{
    char text[64];
    snprintf(text, sizeof text, "\"desk_cause\":\"%s\"", code);
    size_t n = 0;
    for (size_t i = 0; i < kept_count; i++)
        n += kept[i].stream == STREAM_EVENTS && strstr(kept[i].value, "case.escalated.v1") &&
             strstr(kept[i].value, text);
    return n;
}

/* Of the newest event of a type, or TIMESTAMP_NONE. */
static inline int64_t time_of(const char *type)
{
    int64_t ms = TIMESTAMP_NONE;
    for (size_t i = 0; i < kept_count; i++) {
        const char *time = strstr(kept[i].value, "\"time\":\"");
        if (kept[i].stream == STREAM_EVENTS && time && strstr(kept[i].value, type))
            assert_true(timestamp_parse_rfc3339(span_cut(&(struct span){time + 8, 40}, '"'), &ms));
    }
    return ms;
}

/* Both were said, `later` behind the other. */
static inline void assert_behind(const char *later, const char *earlier)
{
    assert_true(time_of(earlier) != TIMESTAMP_NONE);
    assert_true(time_of(later) > time_of(earlier));
}
