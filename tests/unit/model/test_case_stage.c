/* SPDX-License-Identifier: Apache-2.0 */
/* Where a case stands, in one stage of its kind (docs/decisions/0383). */

#include "kinds.h"
#include "model/case_stage.h"

static struct case_set set;
static struct case_fold fold;

struct move {
    const char *stage, *party;
    const char *lead, *outcome, *cause;
};

/* One minute after the other; the ids are a, b, c … */
static const char *stands(const char *kind_code, const struct move *moves, size_t count)
{
    static const char ids[] = "a\0b\0c\0d\0e\0f\0g\0h";
    const struct case_kind *kind = kinds_find(kinds, span_of(kind_code));
    arena_reset(&arena);
    set = (struct case_set){0};
    for (size_t i = 0; i < count; i++) {
        struct case_line line = {.id = span_of(ids + 2 * i),
                                 .revision = SPAN("0.1.1.aa"),
                                 .stage = codes_number(codes, CODE_STAGE, span_of(moves[i].stage)),
                                 .time_ms = (int64_t)(i + 1) * 60000,
                                 .recorded_ms = (int64_t)(i + 1) * 60000,
                                 .party = codes_number(codes, CODE_PARTY, span_of(moves[i].party)),
                                 .live = true};
        line.attribute[CASE_LEAD] = span_of(moves[i].lead);
        line.attribute[CASE_OUTCOME] = span_of(moves[i].outcome);
        line.attribute[CASE_CAUSE] = span_of(moves[i].cause);
        if (span_is(span_of(moves[i].stage), "merged"))
            line.attribute[CASE_PARENT] = SPAN("request:12345:P");
        if (span_is(span_of(moves[i].party), "lead"))
            line.unit = SPAN("s110105001");
        assert_int_equal(case_set_merge(&set, &line, kind, &arena), CASE_SET_CHANGED);
    }
    case_fold(&fold, &set, kind, codes);
    int index = case_stage(&set, &fold, kind);
    return index < 0 ? "" : kind->stages[index].name;
}

#define STANDS(kind, name, ...)                                                                    \
    do {                                                                                           \
        const struct move moves[] = {__VA_ARGS__};                                                 \
        assert_string_equal(stands(kind, moves, ARRAY_LENGTH(moves)), name);                       \
    } while (0)

#define OPENED                                                                                     \
    {                                                                                              \
        "opened", "source", NULL, NULL, NULL                                                       \
    }
#define DISPATCHED                                                                                 \
    {                                                                                              \
        "dispatched", "router", "s110105001", NULL, "a"                                            \
    }
#define SIGNED                                                                                     \
    {                                                                                              \
        "signed", "lead", NULL, NULL, NULL                                                         \
    }

#define MERGED                                                                                     \
    {                                                                                              \
        "merged", "desk", NULL, NULL, NULL                                                         \
    }
#define UNMERGED                                                                                   \
    {                                                                                              \
        "unmerged", "desk", NULL, NULL, NULL                                                       \
    }

static void is_the_last_move(void **state)
{
    (void)state;
    STANDS("request", "", {"signed", "lead", NULL, NULL, NULL});
    STANDS("request", "opened", OPENED);
    STANDS("request", "dispatched", OPENED, DISPATCHED);
    STANDS("request", "signed", OPENED, DISPATCHED, SIGNED, {"overdue", "router", NULL, NULL, "a"});
}

static void an_order_behind_an_end_moves_nothing(void **state)
{
    (void)state;
    STANDS("request", "resolved", OPENED, {"resolved", "source", NULL, NULL, NULL}, DISPATCHED);
    STANDS("request", "closed", OPENED, {"closed", "source", NULL, NULL, NULL}, DISPATCHED);
}

/* What can come behind an end alone goes on from it; what may come at any time says nothing of it.
 */
static void behind_its_end_a_case_goes_on(void **state)
{
    (void)state;
    STANDS("request", "reviewed", OPENED, DISPATCHED, SIGNED,
           {"resolved", "lead", NULL, NULL, NULL}, {"reviewed", "callback", NULL, NULL, NULL},
           {"linked", "desk", NULL, NULL, NULL},
           {"exclusion_decided", "desk", NULL, "upheld", NULL});
    STANDS("works", "handed_over", OPENED, {"diagnosed", "source", NULL, NULL, NULL},
           {"designed", "source", NULL, NULL, NULL}, {"agreed", "source", NULL, NULL, NULL},
           {"implemented", "source", NULL, NULL, NULL},
           {"handed_over", "source", NULL, NULL, NULL});
    STANDS("request", "dispatched", OPENED, {"resolved", "source", NULL, NULL, NULL}, DISPATCHED,
           {"reopened", "desk", NULL, NULL, NULL},
           {"dispatched", "router", "s110105001", NULL, "d"});
}

static void what_holds_is_said_before_what_came_behind_it(void **state)
{
    (void)state;
    STANDS("request", "held", OPENED, DISPATCHED, SIGNED, {"held", "desk", NULL, NULL, NULL},
           {"linked", "desk", NULL, NULL, NULL});
    STANDS("request", "disputed", OPENED, DISPATCHED, {"disputed", "lead", NULL, NULL, NULL},
           {"noted", "desk", NULL, NULL, NULL});
    STANDS("request", "dispute_decided", OPENED, DISPATCHED, {"disputed", "lead", NULL, NULL, NULL},
           {"dispute_decided", "desk", NULL, "rejected", NULL});
}

/* Until it leaves its parent: then it begins anew, and what came before the merge holds no more. */
static void what_is_merged_stands_so_and_what_left_again_does_not(void **state)
{
    (void)state;
    STANDS("request", "merged", OPENED, DISPATCHED, SIGNED, MERGED);
    STANDS("request", "merged", OPENED, DISPATCHED, SIGNED, {"held", "desk", NULL, NULL, NULL},
           MERGED, {"linked", "desk", NULL, NULL, NULL});
    STANDS("request", "closed", OPENED, DISPATCHED, MERGED, {"closed", "source", NULL, NULL, NULL});
    STANDS("request", "unmerged", OPENED, DISPATCHED, MERGED, UNMERGED);
    STANDS("request", "unmerged", OPENED, DISPATCHED, SIGNED, {"held", "desk", NULL, NULL, NULL},
           MERGED, UNMERGED);
    STANDS("request", "dispatched", OPENED, DISPATCHED, MERGED, UNMERGED,
           {"dispatched", "router", "s110105001", NULL, "d"});
    STANDS("request", "merged", OPENED, DISPATCHED, MERGED, UNMERGED, MERGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_last_move),
        cmocka_unit_test(an_order_behind_an_end_moves_nothing),
        cmocka_unit_test(behind_its_end_a_case_goes_on),
        cmocka_unit_test(what_holds_is_said_before_what_came_behind_it),
        cmocka_unit_test(what_is_merged_stands_so_and_what_left_again_does_not),
    };
    return cmocka_run_group_tests(tests, load_kinds, unload_kinds);
}
