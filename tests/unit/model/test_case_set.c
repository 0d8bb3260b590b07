/* SPDX-License-Identifier: Apache-2.0 */
/* Laws of the set: order and repetition do not matter, the greater revision wins, a line survives
 * its codec. */
#include <stdio.h>

#include "kinds.h"

#define DAY  86400000LL
#define REV1 SPAN("00000000000000000000.001700000000000.000001.00000000000000aa")
#define REV2 SPAN("00000000001700000000.001600000000000.000001.0000000000000001")

static const struct case_kind *kind;

static int load(void **state)
{
    int status = load_kinds(state);
    kind = kinds ? kinds_find(kinds, SPAN("request")) : NULL;
    return kind ? status : -1;
}

static struct case_line line(const char *id, const char *stage, const char *party, const char *unit,
                             int64_t time_ms, struct span revision)
{
    struct event event = {.family = EVENT_CASE,
                          .name = span_of(stage),
                          .id = span_of(id),
                          .party = span_of(party),
                          .unit = span_of(unit),
                          .time_ms = time_ms,
                          .recorded_ms = time_ms + 5,
                          .revision = revision};
    struct case_line made;
    assert_int_equal(case_line_of_event(&event, codes, &arena, &made), REJECT_NONE);
    return made;
}

static struct span text_of(const struct case_set *set)
{
    struct strbuf buf;
    strbuf_init(&buf, 256, 1 << 20);
    case_set_write(&buf, set, codes);
    struct span copy = arena_copy(&arena, strbuf_span(&buf));
    strbuf_fini(&buf);
    return copy;
}

static size_t make_life(struct case_line *lines)
{
    lines[0] = line("a", "opened", "source", "", 1 * DAY, REV1);
    lines[0].attribute[CASE_TYPE] = SPAN("R0303");
    lines[1] = line("b", "dispatched", "router", "", 1 * DAY, REV1);
    lines[1].attribute[CASE_LEAD] = SPAN("s110105001");
    lines[1].attribute[CASE_DUE] = SPAN("691200000");
    lines[2] = line("c", "signed", "lead", "s110105001", 2 * DAY, REV1);
    lines[3] = line("d", "resolved", "lead", "s110105001", 3 * DAY, REV1);
    lines[4] = line("e", "closed", "source", "", 4 * DAY, REV1);
    lines[5] = line("d", "resolved", "lead", "s110105001", 3 * DAY + 60000, REV2);
    return 6;
}

static void order_and_repetition_do_not_matter(void **state)
{
    (void)state;
    struct case_line lines[8];
    struct span first = SPAN_NONE;
    uint64_t seed = 1;
    arena_reset(&arena);
    size_t n = make_life(lines), mark = 0;
    for (int round = 0; round < 200; round++) {
        struct case_set set;
        assert_true(case_set_read(&set, SPAN(""), codes, &arena));
        for (size_t i = 0; i < 3 * n;
             i++) { /* every line at least once: a shuffled pass, then random repeats */
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            size_t pick = i < n ? (i * 5 + (size_t)round) % n : (size_t)(seed >> 33) % n;
            case_set_merge(&set, &lines[pick], kind, &arena);
            if (i == (size_t)round / n % (3 * n)) /* stored meanwhile, and read again */
                assert_true(case_set_read(&set, text_of(&set), codes, &arena));
        }
        struct span text = text_of(&set);
        if (round == 0) {
            first = text;
            mark = arena.used;
        }
        assert_int_equal(set.count, 5);
        assert_true(span_equal(text, first));
        arena_rewind(&arena, mark);
    }
}

static void the_greater_revision_gives_the_content(void **state)
{
    (void)state;
    struct case_line lines[8];
    struct case_set set;
    arena_reset(&arena);
    make_life(lines);
    assert_true(case_line_compare_revision(lines[5].revision, lines[3].revision) > 0);
    case_set_read(&set, SPAN(""), codes, &arena);
    assert_int_equal(case_set_merge(&set, &lines[5], kind, &arena), CASE_SET_CHANGED);
    assert_int_equal(case_set_merge(&set, &lines[3], kind, &arena),
                     CASE_SET_CHANGED); /* an earlier recorded time */
    assert_int_equal(set.lines[0].time_ms, 3 * DAY + 60000);
    assert_int_equal(case_set_merge(&set, &lines[3], kind, &arena), CASE_SET_UNCHANGED);
}

static void a_set_survives_its_text(void **state)
{
    (void)state;
    struct case_line lines[8];
    struct case_set set, again;
    arena_reset(&arena);
    size_t n = make_life(lines);
    lines[0].attribute[CASE_COMMUNITY] = SPAN("a|b\\c\nd");
    lines[5].unit = SPAN("PWDx"); /* a unit without number */
    case_set_read(&set, SPAN(""), codes, &arena);
    for (size_t i = 0; i < n; i++)
        case_set_merge(&set, &lines[i], kind, &arena);
    struct span text = text_of(&set);
    assert_true(case_set_read(&again, text, codes, &arena));
    assert_int_equal(again.count, set.count);
    assert_true(span_equal(again.lines[0].attribute[CASE_COMMUNITY], SPAN("a|b\\c\nd")));
    assert_true(span_equal(text_of(&again), text));
    for (size_t i = 0; i < again.count; i++) { /* as it is written, and as it was read */
        assert_int_equal(again.lines[i].text.at == NULL, span_is(again.lines[i].unit, "PWDx"));
        again.lines[i].text = SPAN_NONE;
    }
    assert_true(span_equal(text_of(&again), text));
}

static void a_life_folds_to_its_measures(void **state)
{
    (void)state;
    struct case_line lines[8];
    struct case_set set;
    struct case_fold fold;
    arena_reset(&arena);
    size_t n = make_life(lines);
    case_set_read(&set, SPAN(""), codes, &arena);
    for (size_t i = 0; i < n; i++)
        case_set_merge(&set, &lines[i], kind, &arena);
    case_fold(&fold, &set, kind, codes);
    assert_true(fold.has_opened && fold.dispatched && fold.closed && !fold.quiet);
    assert_true(span_is(fold.lead, "s110105001"));
    assert_int_equal(fold.stage_ms[case_kind_stage(kind, SPAN("signed"))], 2 * DAY);
    assert_int_equal(fold.resolution_ms, 3 * DAY + 60000);
    assert_int_equal(fold.closure_ms, 4 * DAY);
    assert_int_equal(fold.due_ms, 691200000);
}

static void a_foreign_unit_moves_nothing(void **state)
{
    (void)state;
    struct case_line lines[8];
    struct case_set set;
    struct case_fold fold;
    arena_reset(&arena);
    struct case_line foreign = line("x", "resolved", "lead", "s110105002", 3 * DAY, REV1);
    make_life(lines);
    case_set_read(&set, SPAN(""), codes, &arena);
    for (size_t i = 0; i < 3; i++)
        case_set_merge(&set, &lines[i], kind, &arena);
    case_set_merge(&set, &foreign, kind, &arena);
    case_fold(&fold, &set, kind, codes);
    assert_int_equal(fold.effect[3], LINE_NOT_YOURS);
    assert_int_equal(fold.resolution_ms, TIMESTAMP_NONE);
}

static void a_history_may_close_without_dispatch(void **state)
{
    (void)state;
    struct case_set set;
    struct case_fold fold;
    arena_reset(&arena);
    struct case_line opened = line("a", "opened", "source", "", DAY, REV1);
    struct case_line closed = line("b", "closed", "source", "", DAY, REV1);
    opened.live = closed.live = false;
    opened.attribute[CASE_LEAD] = SPAN("PWDx");
    case_set_read(&set, SPAN(""), codes, &arena);
    case_set_merge(&set, &closed, kind, &arena);
    case_set_merge(&set, &opened, kind, &arena);
    case_fold(&fold, &set, kind, codes);
    assert_true(fold.quiet && fold.closed);
    assert_true(span_is(fold.lead, "PWDx"));
    assert_int_equal(fold.closure_ms - fold.opened_ms, 0);
}

static enum case_set_result say(struct case_set *set, const char *id, const char *stage,
                                const char *party, const char *cause)
{
    struct case_line one = line("x", stage, party, "", 2 * DAY, REV1);
    one.id = arena_copy(&arena, span_of(id));
    one.attribute[CASE_CAUSE] = cause ? arena_copy(&arena, span_of(cause)) : SPAN_NONE;
    return case_set_merge(set, &one, kind, &arena);
}

/* Opened and dispatched, and contacted so often that it has so many lines. */
static void fill(struct case_set *set, size_t lines)
{
    char id[32];
    arena_reset(&arena);
    case_set_read(set, SPAN(""), codes, &arena);
    assert_int_equal(say(set, "o", "opened", "source", NULL), CASE_SET_CHANGED);
    assert_int_equal(say(set, "d", "dispatched", "router", "o"), CASE_SET_CHANGED);
    while (set->count < lines) {
        snprintf(id, sizeof id, "n%zu", set->count);
        assert_int_equal(say(set, id, "contacted", "lead", NULL), CASE_SET_CHANGED);
    }
}

static void only_what_ends_a_case_enters_a_nearly_full_set(void **state)
{
    (void)state;
    struct case_set set;
    fill(&set, 240);
    struct case_line more = line("more", "contacted", "lead", "s110105001", 2 * DAY, REV1);
    struct case_line end = line("end", "closed", "source", "", 3 * DAY, REV1);
    assert_int_equal(case_set_merge(&set, &more, kind, &arena), CASE_SET_TOO_LONG);
    assert_int_equal(case_set_merge(&set, &end, kind, &arena), CASE_SET_CHANGED);
}

/* Decision 0061: what a line may be answered by keeps its room until it is there. */
static void a_line_enters_with_the_room_for_its_answers(void **state)
{
    (void)state;
    static const struct {
        const char *id, *stage, *party, *cause;
        size_t lines;
    } rows[] = {{"a1", "assigned", "desk", NULL, 238},    {"a2", "assigned", "desk", NULL, 238},
                {"c1", "contacted", "lead", NULL, 238},   {"e1", "extended", "desk", NULL, 238},
                {"n1", "nudged", "router", "d", 238},     {"r1", "recalled", "router", "a1", 239},
                {"c2", "contacted", "lead", NULL, 239},   {"d1", "dispatched", "router", "a1", 240},
                {"r2", "recalled", "router", "a1", 240},  {"b1", "reopened", "desk", NULL, 241},
                {"d2", "dispatched", "router", "b1", 242}};
    char id[16];
    struct case_set set;
    fill(&set, 237);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        (void)say(&set, rows[i].id, rows[i].stage, rows[i].party, rows[i].cause);
        assert_int_equal(set.count, rows[i].lines);
    }
    for (int i = 0; i < 20; i++) { /* rounds, as long as there is room for their decisions */
        snprintf(id, sizeof id, "b%d-", i);
        (void)say(&set, id, "reopened", "desk", NULL);
    }
    assert_int_equal(set.count, 242 + (CASE_SET_MAX_LINES - 242) / 2);
}

/* An answer that is read behind what filled the set enters all the same. */
static void an_answer_has_its_room_whatever_came_before_it(void **state)
{
    (void)state;
    struct case_set set;
    fill(&set, 238);
    assert_int_equal(say(&set, "e", "extended", "desk", NULL), CASE_SET_CHANGED);
    assert_int_equal(say(&set, "r", "resolved", "source", NULL), CASE_SET_CHANGED);
    assert_int_equal(say(&set, "b", "reopened", "desk", NULL), CASE_SET_CHANGED);
    assert_int_equal(say(&set, "x", "amended", "router", "d"), CASE_SET_TOO_LONG);
    assert_int_equal(say(&set, "a", "amended", "router", "e"), CASE_SET_CHANGED);
    assert_int_equal(say(&set, "a2", "amended", "router", "e"), CASE_SET_TOO_LONG);
    assert_int_equal(set.count, 242);
}

static void copies_of_one_event_join_whichever_comes_first(void **state)
{
    (void)state;
    struct case_line lines[3];
    struct span texts[2];
    arena_reset(&arena);
    lines[0] = line("a", "opened", "source", "", DAY, REV1);
    lines[1] = lines[2] = lines[0]; /* equal revisions whose contents differ have one winner too */
    lines[0].live = false;
    lines[0].recorded_ms = DAY + 1;
    lines[1].recorded_ms = TIMESTAMP_NONE;
    lines[2].live = false;
    lines[2].attribute[CASE_TYPE] = SPAN("R0303");
    for (int way = 0; way < 2; way++) {
        struct case_set set = {0};
        for (int i = 0; i < 3; i++)
            case_set_merge(&set, &lines[way ? 2 - i : i], kind, &arena);
        assert_int_equal(set.count, 1);
        assert_true(set.lines[0].live);
        assert_int_equal(set.lines[0].recorded_ms, DAY + 1);
        texts[way] = text_of(&set);
    }
    assert_true(span_equal(texts[0], texts[1]));
}

static void no_set_outgrows_its_lines_and_bytes(void **state)
{
    (void)state;
    static char long_text[6000];
    struct case_set set = {0};
    arena_reset(&arena);
    struct case_line fat = line("x", "opened", "source", "", DAY, REV1);
    int lines = 0, ends = 0;
    memset(long_text, '|', sizeof long_text); /* twice as long when written */
    fat.attribute[CASE_REQUEST_KIND] = span_from(long_text, sizeof long_text);
    for (char id[2] = "a"; id[0] <= 'z'; id[0]++) {
        fat.id = arena_copy(&arena, span_of(id));
        lines += case_set_merge(&set, &fat, kind, &arena) == CASE_SET_CHANGED;
    }
    assert_int_equal(lines, 3); /* of a fourth the decisions had no room */
    assert_true(text_of(&set).len <= CASE_SET_MAX_BYTES);
    set.count = 0;
    for (int i = 0; i < 300; i++) {
        char id[16];
        snprintf(id, sizeof id, "e%d", i);
        struct case_line end = line("x", "reopened", "desk", "", DAY + i, REV1);
        end.id = arena_copy(&arena, span_of(id));
        bool entered = case_set_merge(&set, &end, kind, &arena) == CASE_SET_CHANGED;
        ends += entered;
        if (entered)
            assert_int_equal(say(&set, id + 1, "dispatched", "router", id), CASE_SET_CHANGED);
    }
    assert_int_equal(ends, (CASE_SET_MAX_LINES - 3) / 2); /* and their decisions, and a head */
    struct case_line correction = line("e7", "reopened", "desk", "", DAY, REV2);
    assert_int_equal(case_set_merge(&set, &correction, kind, &arena), CASE_SET_CHANGED);
}

static void damaged_text_and_a_full_arena_are_told(void **state)
{
    (void)state;
    struct arena small;
    struct case_set set = {0};
    arena_reset(&arena);
    struct case_line one = line("a", "opened", "source", "", DAY, REV1);
    assert_false(case_set_read(&set, SPAN("1|a|r|1|0|0|0|0\nnonsense"), codes, &arena));
    arena_init(&small, 1024);
    assert_false(case_set_read(&set, SPAN(""), codes, &small));
    set = (struct case_set){0};
    assert_int_equal(case_set_merge(&set, &one, kind, &small), CASE_SET_NO_MEMORY);
    arena_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_repetition_do_not_matter),
        cmocka_unit_test(the_greater_revision_gives_the_content),
        cmocka_unit_test(a_set_survives_its_text),
        cmocka_unit_test(a_life_folds_to_its_measures),
        cmocka_unit_test(a_foreign_unit_moves_nothing),
        cmocka_unit_test(a_history_may_close_without_dispatch),
        cmocka_unit_test(only_what_ends_a_case_enters_a_nearly_full_set),
        cmocka_unit_test(a_line_enters_with_the_room_for_its_answers),
        cmocka_unit_test(an_answer_has_its_room_whatever_came_before_it),
        cmocka_unit_test(copies_of_one_event_join_whichever_comes_first),
        cmocka_unit_test(no_set_outgrows_its_lines_and_bytes),
        cmocka_unit_test(damaged_text_and_a_full_arena_are_told),
    };
    return cmocka_run_group_tests(tests, load, unload_kinds);
}
