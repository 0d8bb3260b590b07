/* SPDX-License-Identifier: Apache-2.0 */
/* A, B and C lie in three partitions: what tests of merging tell of them and ask. */
#pragma once

#include "lanes.h"

#define A "request:12345:A"
#define B "request:12345:B"
#define C "request:12345:C"

#define LEAD "s110105001"

static const char *const nobody = "";

static inline void opens(const char *id, int64_t ms)
{
    char event_id[96];
    snprintf(event_id, sizeof event_id, "opened-%s", id);
    lanes_tell((struct told){.id = event_id, .stage = "opened", .subject = id, .time_ms = ms});
}

static inline void desk_says(const char *id, const char *event_id, const char *stage,
                             const char *parent, int64_t ms)
{
    char data[128];
    snprintf(data, sizeof data, *parent ? "{\"parent\":\"%s\"}" : "{}%s", parent);
    lanes_tell((struct told){.id = event_id,
                             .stage = stage,
                             .subject = id,
                             .party = "desk",
                             .unit = "desk",
                             .data = data,
                             .time_ms = ms});
}

static inline void merges(const char *id, const char *event_id, const char *parent, int64_t ms)
{
    desk_says(id, event_id, "merged", parent, ms);
}

static inline void resolves(const char *id, const char *event_id, const char *unit, int64_t ms,
                            const char *revision)
{
    lanes_tell((struct told){.id = event_id,
                             .stage = "resolved",
                             .subject = id,
                             .party = "lead",
                             .unit = unit,
                             .data = "{}",
                             .revision = revision,
                             .time_ms = ms});
}

static inline void says(const char *id, const char *event_id, const char *stage, const char *party,
                        int64_t ms)
{
    lanes_tell((struct told){.id = event_id,
                             .stage = stage,
                             .subject = id,
                             .party = party,
                             .unit = strcmp(party, "lead") == 0 ? LEAD : NULL,
                             .data = "{}",
                             .time_ms = ms});
}

static inline int begin_lanes(void **state)
{
    (void)state;
    lanes_begin();
    assert_true(lanes_of(SPAN(A)) != lanes_of(SPAN(B)));
    assert_true(lanes_of(SPAN(A)) != lanes_of(SPAN(C)));
    assert_true(lanes_of(SPAN(B)) != lanes_of(SPAN(C)));
    return 0;
}

/* A and B are open and dispatched. */
static inline void open_both(void)
{
    opens(A, NOON);
    opens(B, NOON);
    lanes_settle();
    assert_int_equal(lanes_said(A, "dispatched") + lanes_said(B, "dispatched"), 2);
}

static inline void merged_pair(void)
{
    open_both();
    merges(A, "m1", B, NOON + HOUR);
    lanes_settle();
}

static inline bool is_child_of(const char *id, const char *parent)
{
    const struct laned_case *found = lanes_case(id);
    return *parent ? span_is(found->fold.parent, parent) : !found->fold.parent.at;
}

static inline size_t children(const char *id)
{
    return lanes_case(id)->fold.child_count;
}

static inline enum line_effect effect_of(const char *id, const char *event_id)
{
    const struct laned_case *found = lanes_case(id);
    for (size_t i = 0; i < found->set.count; i++)
        if (span_is(found->set.lines[i].id, event_id))
            return (enum line_effect)found->fold.effect[i];
    fail_msg("%s has no line %s", id, event_id);
    return LINE_IMPOSSIBLE;
}

static inline int finish(void **state)
{
    lanes_end();
    free(lanes.store);
    arena_fini(&lanes_arena);
    return unload(state);
}
