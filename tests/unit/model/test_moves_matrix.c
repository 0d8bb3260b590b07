/* SPDX-License-Identifier: Apache-2.0 */
/* What may be done: for every kind, in every stage a case can come to, every move by every party.
 * The table is walked through the fold itself and compared to tests/golden/moves/<kind>.txt, which
 * people read (MOVES=print writes it). Beside it stand rules that hold whatever the table says.
 *
 * A case comes to a stage by the fewest moves; as soon as it may, it has a helper and an office, so
 * that those can speak. Rows: what happened last, and who speaks; `foreign` is a unit that has
 * nothing to do with the case. Columns: the move. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "kinds.h"

#define LEAD    "s110105001"
#define HELPER  "d_urban"
#define OFFICE  "st001"
#define FOREIGN "s110105002"

enum { MOST_STEPS = 40, TABLE_BYTES = 1 << 17 };

static const struct speaker {
    const char *name, *party, *unit;
} speakers[] = {
    {"source", "source", NULL},       {"desk", "desk", "desk"},   {"lead", "lead", LEAD},
    {"co", "lead", HELPER},           {"sub", "lead", OFFICE},    {"foreign", "lead", FOREIGN},
    {"callback", "callback", "desk"}, {"router", "router", NULL},
};

struct state {
    const struct case_kind *kind;
    struct case_line lines[MOST_STEPS];
    size_t count;
    struct case_fold fold;
};

/* The line of that move, complete: what its stage needs it says. */
static struct case_line move_of(const struct state *state, const struct speaker *speaker, int stage)
{
    static const struct {
        enum case_attribute attribute;
        const char *value;
    } says[] = {{CASE_DUE, "1800000000000"}, {CASE_CO, HELPER},
                {CASE_SUB, OFFICE},          {CASE_OUTCOME, "rejected"},
                {CASE_LEVEL, "city"},        {CASE_LEAD, LEAD},
                {CASE_TYPE, "R0303"},        {CASE_PARENT, "request:x:2"},
                {CASE_CHILD, "request:x:3"}, {CASE_VIA, "request:x:2"}};
    char id[32];
    snprintf(id, sizeof id, "%zu:%d:%s", state->count, stage, speaker->name);
    const struct kind_stage *does = &state->kind->stages[stage];
    struct case_line line = {.id = arena_copy(&arena, span_of(id)),
                             .revision = SPAN("0.1.1.aa"),
                             .stage = does->number,
                             .time_ms = 1000 * (int64_t)(state->count + 1),
                             .recorded_ms = 1000 * (int64_t)(state->count + 1),
                             .unit = span_of(speaker->unit),
                             .party = codes_number(codes, CODE_PARTY, span_of(speaker->party)),
                             .live = true};
    bool names = does->meaning == MEANS_DISPATCHED || does->meaning == MEANS_OPENED;
    for (size_t i = 0; i < ARRAY_LENGTH(says); i++)
        if (does->needs >> says[i].attribute & 1 || (names && says[i].attribute == CASE_LEAD))
            line.attribute[says[i].attribute] = span_of(says[i].value);
    if (does->meaning == MEANS_FORWARDED)
        line.attribute[CASE_SUB] = SPAN(OFFICE);
    line.attribute[CASE_CAUSE] = speaker->party[0] == 'r' ? state->fold.lead_cause_id : SPAN_NONE;
    return line;
}

static void fold(struct state *state)
{
    struct case_set set = {state->lines, state->count, MOST_STEPS};
    case_fold(&state->fold, &set, state->kind, codes);
}

/* What the fold says of the move, made now. The case stays as it is. */
static enum line_effect try_line(struct state *state, const struct case_line *line)
{
    struct case_fold before = state->fold;
    state->lines[state->count++] = *line;
    fold(state);
    enum line_effect effect = (enum line_effect)state->fold.effect[--state->count];
    state->fold = before;
    return effect;
}

static bool make(struct state *state, const struct case_line *line)
{
    if (state->count == MOST_STEPS || try_line(state, line) != LINE_COUNTS)
        return false;
    state->lines[state->count++] = *line;
    fold(state);
    return true;
}

static bool do_move(struct state *state, int stage)
{
    for (size_t i = 0; i < ARRAY_LENGTH(speakers); i++) {
        struct case_line line = move_of(state, &speakers[i], stage);
        if (make(state, &line))
            return true;
    }
    return false;
}

/* A desk's word that asks for another lead: what a recall answers. */
static void ask_for_lead(struct state *state)
{
    int assigned = case_kind_stage(state->kind, SPAN("assigned"));
    if (assigned >= 0 && state->kind->stages[assigned].new_lead)
        (void)do_move(state, assigned);
}

static void name_helpers(struct state *state)
{
    int helper = case_kind_stage(state->kind, SPAN("co_assigned"));
    int office = case_kind_stage(state->kind, SPAN("forwarded"));
    if (helper >= 0 && state->fold.co_count == 0)
        (void)do_move(state, helper);
    if (office >= 0 && state->fold.sub_count == 0 && state->fold.lead.len)
        (void)do_move(state, office);
}

/* The last move of the way to a stage; helpers are there as soon as may be. */
static bool step(struct state *state, int stage)
{
    if (state->kind->stages[stage].meaning == MEANS_RECALLED)
        ask_for_lead(state);
    return do_move(state, stage);
}

struct way {
    int stage[8];
    int length;
};

static bool go(struct state *state, const struct case_kind *kind, const struct way *way)
{
    *state = (struct state){.kind = kind};
    fold(state);
    for (int i = 0; i < way->length; i++) {
        if (!step(state, way->stage[i]))
            return false;
        name_helpers(state);
    }
    return true;
}

/* An order that is dispatched is what most moves are about: but for what comes before it. */
static struct way begin_of(const struct case_kind *kind, int stage)
{
    struct way way = {{0}, 0};
    int opened = case_kind_stage(kind, SPAN("opened"));
    int dispatched = case_kind_stage(kind, SPAN("dispatched"));
    if (dispatched < 0 || stage == dispatched || kind->stages[stage].meaning == MEANS_OPENED ||
        kind->stages[stage].rank < kind->stages[dispatched].rank)
        return way;
    return (struct way){{opened, dispatched}, 2};
}

/* Fewest moves first: breadth over ways of stages. */
static bool come_to(struct state *state, const struct case_kind *kind, int stage, struct way begin)
{
    static struct way ways[CASE_KIND_MAX_STAGES + 1];
    bool seen[CASE_KIND_MAX_STAGES] = {false};
    size_t last = 1;
    ways[0] = begin;
    for (size_t first = 0; first < last; first++) {
        for (int next = 0; next < (int)kind->stage_count; next++) {
            struct way way = ways[first];
            way.stage[way.length++] = next;
            if ((seen[next] && next != stage) || !go(state, kind, &way))
                continue;
            if (next == stage)
                return true;
            seen[next] = true;
            if (way.length < (int)ARRAY_LENGTH(way.stage) - 1)
                ways[last++] = way;
        }
    }
    return false;
}

/* ---- rules beside the table ---- */

struct cell {
    const struct case_kind *kind;
    const struct speaker *speaker;
    int state, move;
    enum line_effect effect;
};

static bool is_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void check_rules(const struct cell *cell)
{
    static const char *const not_handlers[] = {"reviewed",
                                               "dispute_decided",
                                               "exclusion_decided",
                                               "merged",
                                               "unmerged",
                                               "reopened",
                                               "extended",
                                               "held",
                                               "resumed",
                                               "supervised",
                                               "noted",
                                               "confirmed",
                                               "declined",
                                               "co_assigned"};
    static const char *const routers[] = {"dispatched", "recalled",    "amended",     "nudged",
                                          "overdue",    "child_added", "undelivered", "delivered"};
    const struct kind_stage *move = &cell->kind->stages[cell->move];
    bool handler = strcmp(cell->speaker->party, "lead") == 0;
    bool counts = cell->effect == LINE_COUNTS;
    bool lead_may = move->parties >> cell->kind->party.lead & 1;
    if (strcmp(cell->speaker->name, "foreign") == 0)
        assert_int_equal(cell->effect, LINE_NOT_YOURS);
    if (handler && !lead_may && is_of(move->name, not_handlers, ARRAY_LENGTH(not_handlers)))
        assert_int_equal(cell->effect, LINE_NOT_YOURS);
    bool is_request = strcmp(cell->kind->code, "request") == 0;
    if (handler && is_request && is_of(move->name, not_handlers, ARRAY_LENGTH(not_handlers)))
        assert_int_equal(cell->effect, LINE_NOT_YOURS);
    if (is_of(move->name, routers, ARRAY_LENGTH(routers)) &&
        strcmp(cell->speaker->name, "router") != 0)
        assert_int_equal(cell->effect, LINE_NOT_YOURS);
    if (strcmp(move->name, "reviewed") == 0 && strcmp(cell->speaker->name, "callback") != 0)
        assert_int_equal(cell->effect, LINE_NOT_YOURS);
    if (strcmp(move->name, "resolved") == 0 && is_request &&
        (strcmp(cell->speaker->name, "co") == 0 || strcmp(cell->speaker->name, "sub") == 0))
        assert_int_equal(cell->effect,
                         LINE_NOT_YOURS); /* 条例 14, 17: who helps is not who answers */
    const char *state = cell->kind->stages[cell->state].name;
    if (counts && strcmp(state, "closed") == 0)
        assert_false(move->meaning == MEANS_DISPUTED || move->meaning == MEANS_WHISTLE_BLOWN ||
                     move->meaning == MEANS_RECALLED || move->meaning == MEANS_EXTENDED ||
                     move->clock_stops);
    if (counts && strcmp(state, "disputed") == 0)
        assert_false(move->meaning == MEANS_DISPUTED);
}

/* ---- the table ---- */

static void write_head(struct strbuf *out, const struct case_kind *kind)
{
    strbuf_addf(out,
                "%s %s\n"
                "+ counts   - impossible   x not theirs\n"
                "Rows: what happened last, and who speaks. Columns:\n",
                kind->code, kind->called.chinese);
    for (size_t i = 0; i < kind->stage_count; i++)
        strbuf_addf(out, "%3zu %s\n", i + 1, kind->stages[i].name);
    strbuf_addf(out, "\n%-28s", "");
    for (size_t i = 0; i < kind->stage_count; i++)
        strbuf_addf(out, "%3zu", i + 1);
    strbuf_add_char(out, '\n');
}

static size_t write_state(struct strbuf *out, struct state *state, int stage)
{
    static const char mark[] = {
        [LINE_COUNTS] = '+', [LINE_IMPOSSIBLE] = '-', [LINE_NOT_YOURS] = 'x'};
    size_t cells = 0;
    for (size_t s = 0; s < ARRAY_LENGTH(speakers); s++) {
        char row[64];
        snprintf(row, sizeof row, "%s %s", state->kind->stages[stage].name, speakers[s].name);
        strbuf_addf(out, "%-28s", row);
        for (int move = 0; move < (int)state->kind->stage_count; move++) {
            struct case_line line = move_of(state, &speakers[s], move);
            struct cell cell = {state->kind, &speakers[s], stage, move, try_line(state, &line)};
            check_rules(&cell);
            strbuf_addf(out, "  %c", mark[cell.effect]);
            cells++;
        }
        strbuf_add_char(out, '\n');
    }
    return cells;
}

static void compare(const struct case_kind *kind, struct span table)
{
    char path[128];
    snprintf(path, sizeof path, "tests/golden/moves/%s.txt", kind->code);
    bool writes = getenv("MOVES") && strcmp(getenv("MOVES"), "print") == 0;
    FILE *file = fopen(path, writes ? "w" : "r");
    assert_non_null(file);
    char *kept = xmalloc(TABLE_BYTES);
    size_t len = writes ? fwrite(table.at, 1, table.len, file) : fread(kept, 1, TABLE_BYTES, file);
    fclose(file);
    struct span rest = span_from(kept, len), got = table;
    while (!writes && (rest.len || got.len)) {
        struct span wanted = span_cut(&rest, '\n'), line = span_cut(&got, '\n');
        if (!span_equal(wanted, line))
            fail_msg(
                "%s: is\n%.*s\nand was\n%.*s\n(MOVES=print writes what is; read the difference)",
                path, SPAN_ARG(line), SPAN_ARG(wanted));
    }
    free(kept);
}

static void every_move_of_every_party_in_every_stage(void **context)
{
    (void)context;
    size_t cells = 0, wanted = 0;
    const struct case_kind *kind;
    static struct state state;
    for (size_t k = 0; (kind = kinds_at(kinds, k)); k++) {
        struct strbuf out;
        strbuf_init(&out, 4096, TABLE_BYTES);
        write_head(&out, kind);
        for (int stage = 0; stage < (int)kind->stage_count; stage++) {
            arena_reset(&arena);
            if (!come_to(&state, kind, stage, begin_of(kind, stage)) &&
                !come_to(&state, kind, stage, (struct way){{0}, 0}))
                fail_msg("no case of kind %s ever comes to %s", kind->code,
                         kind->stages[stage].name);
            cells += write_state(&out, &state, stage);
        }
        wanted += kind->stage_count * kind->stage_count * ARRAY_LENGTH(speakers);
        compare(kind, strbuf_span(&out));
        strbuf_fini(&out);
    }
    print_message("%zu cells\n", cells);
    assert_int_equal(cells, wanted); /* none is empty */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_move_of_every_party_in_every_stage),
    };
    return cmocka_run_group_tests(tests, load_kinds, unload_kinds);
}
