/* SPDX-License-Identifier: Apache-2.0 */
/* The laws of merging (docs/decisions/0038) over random lives of a handful of cases in three
 * partitions: merged into each other, into themselves and into nothing, unmerged, reopened, closed,
 * corrected, told twice and out of order, with restarts in between. In the end both sides of every
 * merge agree, nobody is without an owner, and nothing was said twice with two contents. */
#include "lanes.h"

enum { LIVES = 1500, CASES = 6, FACTS = 40 };

static uint64_t seed = 20251126;

static uint64_t roll(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

struct fact {
    char id[24], subject[32], data[96], revision[80];
    const char *stage, *party, *unit;
    int64_t time_ms, recorded_ms;
};

static struct {
    size_t merges, cycles, refused, fell, copies, children, families, repeats;
} seen;

static void name(char text[32], uint64_t number)
{
    snprintf(text, 32, "request:12345:%c", (char)('A' + number));
}

static void set_content(struct fact *fact, int64_t now_ms, uint64_t revision)
{
    char other[32];
    bool merges = strcmp(fact->stage, "merged") == 0;
    name(other, roll(CASES + 1)); /* one that is nowhere */
    if (strcmp(fact->stage, "opened") == 0)
        snprintf(fact->data, sizeof fact->data,
                 "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\"}");
    else
        snprintf(fact->data, sizeof fact->data,
                 merges && roll(20) ? "{\"parent\":\"%s\"}" : "{}%.0s", other);
    fact->time_ms = now_ms - (int64_t)roll(roll(3) ? 20 : 4 * HOUR);
    fact->recorded_ms = now_ms + (int64_t)roll(2);
    snprintf(fact->revision, sizeof fact->revision, "%020llu.%015lld.000001.%016llx",
             (unsigned long long)revision, (long long)now_ms, (unsigned long long)roll(1 << 20));
}

static void make(struct fact *fact, int number, int64_t now_ms)
{
    static const char *const usual[] = {"merged", "merged",   "merged", "unmerged", "resolved",
                                        "signed", "reopened", "closed", "reviewed"};
    name(fact->subject, number < CASES ? (uint64_t)number : roll(CASES));
    fact->stage = number < CASES ? "opened" : usual[roll(ARRAY_LENGTH(usual))];
    fact->party = "desk";
    fact->unit = "desk";
    if (number < CASES)
        fact->party = "source";
    else if (strcmp(fact->stage, "resolved") == 0 || strcmp(fact->stage, "signed") == 0)
        fact->party = "lead", fact->unit = "s110105001";
    else if (strcmp(fact->stage, "reviewed") == 0)
        fact->party = "callback";
    snprintf(fact->id, sizeof fact->id, "%s-%d", fact->stage, number);
    set_content(fact, now_ms, 1);
    seen.merges += strcmp(fact->stage, "merged") == 0;
}

static void told(const struct fact *fact)
{
    lanes_tell((struct told){.id = fact->id,
                             .stage = fact->stage,
                             .subject = fact->subject,
                             .party = fact->party,
                             .unit = fact->unit,
                             .data = fact->data,
                             .revision = fact->revision,
                             .time_ms = fact->time_ms,
                             .recorded_ms = fact->recorded_ms});
}

/* Some of what waits, in the middle of other people's words. */
static void read_some(void)
{
    for (uint64_t n = roll(12); n > 0; n--)
        lanes_step((int)roll(LANES));
    if (roll(20) == 0)
        lanes_restart((int)roll(LANES));
}

static void live(void)
{
    static struct fact facts[FACTS];
    int64_t now_ms = NOON;
    int made = 0;
    lanes_begin();
    for (int step = 0; step < 70; step++) {
        now_ms += 1 + (int64_t)roll(roll(2) ? 3 : HOUR);
        bool again = made == FACTS || (made > CASES && roll(4) == 0);
        struct fact *fact = &facts[again ? roll((uint64_t)made) : (uint64_t)made];
        struct fact sent;
        if (!again)
            make(fact, made++, now_ms);
        sent = *fact;
        if (again && roll(2))
            set_content(&sent, now_ms, 1 + roll(4)); /* corrected, or stale */
        seen.repeats += again;
        told(&sent);
        if (roll(8) == 0)
            lanes_tick(now_ms);
        if (roll(3))
            read_some();
    }
    lanes_settle();
}

/* ---- laws ---- */

struct member {
    char id[32], parent[32];
    char child[CASES + 2][32];
    size_t children;
    bool opened, closed, dispatched;
    int64_t resolution_ms;
};

/* By the lines that count, as the walk had them. */
static void read_children(struct member *member, const struct laned_case *found)
{
    for (size_t i = 0; i < found->set.count; i++) {
        const struct case_line *line = &found->set.lines[i];
        int index = case_kind_stage_number(found->kind, line->stage);
        enum stage_meaning meaning = index < 0 ? MEANS_NOTHING : found->kind->stages[index].meaning;
        bool about = meaning == MEANS_CHILD_ADDED || meaning == MEANS_CHILD_REMOVED;
        if (found->fold.effect[i] != LINE_COUNTS || !about)
            continue;
        size_t at = 0;
        while (at < member->children && !span_is(line->attribute[CASE_CHILD], member->child[at]))
            at++;
        if (meaning == MEANS_CHILD_ADDED && at == member->children)
            span_to_cstr(line->attribute[CASE_CHILD], member->child[member->children++], 32);
        else if (meaning == MEANS_CHILD_REMOVED && at < member->children)
            memmove(member->child[at], member->child[--member->children], 32);
    }
    assert_int_equal(member->children, found->fold.child_count);
}

static void read_members(struct member members[CASES + 1])
{
    memset(members, 0, (CASES + 1) * sizeof *members);
    for (uint64_t i = 0; i <= CASES; i++) {
        struct member *member = &members[i];
        name(member->id, i);
        const struct laned_case *found = lanes_case(member->id);
        span_to_cstr(found->fold.parent, member->parent, sizeof member->parent);
        member->opened = found->fold.has_opened;
        member->closed = found->fold.closed;
        member->dispatched = found->fold.dispatched;
        member->resolution_ms = found->fold.resolution_ms;
        read_children(member, found);
    }
}

static int life;

/* What a failing life was. */
static void show(const char *id)
{
    const struct laned_case *found = lanes_case(id);
    fprintf(stderr, "life %d, %s:\n", life, id);
    for (size_t i = 0; i < found->set.count; i++) {
        const struct case_line *line = &found->set.lines[i];
        fprintf(
            stderr,
            "  %-14.*s %-12.*s %.*s parent %.*s child %.*s cause %.*s rule %.*s %lld/%lld: %d\n",
            SPAN_ARG(codes_text(rules.codes, CODE_STAGE, line->stage)), SPAN_ARG(line->id),
            SPAN_ARG(line->revision), SPAN_ARG(line->attribute[CASE_PARENT]),
            SPAN_ARG(line->attribute[CASE_CHILD]), SPAN_ARG(line->attribute[CASE_CAUSE]),
            SPAN_ARG(line->attribute[CASE_RULE]), (long long)(line->time_ms - NOON),
            (long long)(line->recorded_ms - NOON), found->fold.reason[i]);
    }
}

static void broken(const char *what, const char *id, const char *other)
{
    show(id);
    show(other);
    fail_msg("%s: %s, %s", what, id, other);
}

static const struct member *find(const struct member *members, const char *id)
{
    for (size_t i = 0; i <= CASES; i++)
        if (strcmp(members[i].id, id) == 0)
            return &members[i];
    fail_msg("no case %s", id);
    return NULL;
}

static bool lists(const struct member *parent, const char *id)
{
    for (size_t i = 0; i < parent->children; i++)
        if (strcmp(parent->child[i], id) == 0)
            return true;
    return false;
}

/* A child's parent has it; it has no children; what the parent did is done for it. */
static void assert_child(const struct member *members, const struct member *member)
{
    const struct member *parent = find(members, member->parent);
    assert_int_equal(member->children, 0);
    assert_string_not_equal(parent->id, member->id);
    assert_int_equal(parent->parent[0], 0);
    seen.children++;
    if (!parent->opened)
        return; /* nobody's case: the desk hears of it */
    if (!lists(parent, member->id))
        broken("a child whose parent does not know", member->id, parent->id);
    if (parent->resolution_ms != TIMESTAMP_NONE && member->resolution_ms == TIMESTAMP_NONE)
        broken("a child did not hear of its parent's resolution", member->id, parent->id);
}

static void assert_family(void)
{
    struct member members[CASES + 1];
    read_members(members);
    for (size_t i = 0; i <= CASES; i++) {
        const struct member *member = &members[i];
        for (size_t n = 0; n < member->children; n++)
            if (strcmp(find(members, member->child[n])->parent, member->id) != 0)
                broken("a parent whose child does not know", member->id, member->child[n]);
        seen.families += member->children > 0;
        if (member->parent[0])
            assert_child(members, member);
        else if (member->opened && !member->closed && member->resolution_ms == TIMESTAMP_NONE &&
                 !member->dispatched)
            broken("nobody's", member->id, member->id);
    }
}

static const char *after(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    assert_non_null(at);
    return at + strlen(word);
}

/* One id and revision: one content. */
static void assert_one_content(void)
{
    for (int p = 0; p < LANES; p++)
        for (size_t i = 0; i < lanes.at[p].count; i++) {
            const struct laned *a = &lanes.at[p].log[i];
            for (size_t n = i + 1; a->ours && n < lanes.at[p].count; n++) {
                const struct laned *b = &lanes.at[p].log[n];
                bool same =
                    b->ours &&
                    strncmp(after(a->value, "\"id\":\""), after(b->value, "\"id\":\""), 22) == 0 &&
                    strncmp(after(a->value, "\"revision\":\""), after(b->value, "\"revision\":\""),
                            60) == 0;
                if (same && strcmp(after(a->value, "\"data\":"), after(b->value, "\"data\":")) != 0)
                    fail_msg("two contents:\n%s\n%s", a->value, b->value);
            }
        }
}

/* All of it once more, to the flows as they stand. */
static void assert_silence(void)
{
    for (int p = 0; p < LANES; p++) {
        size_t count = lanes.at[p].count, orders = lanes.order_count;
        for (size_t i = 0; i < count; i++)
            if (lanes.at[p].log[i].key[0]) /* no ticks: they may have timers left to fire */
                lanes_give(p, &lanes.at[p].log[i]);
        assert_int_equal(lanes.at[p].count, count);
        assert_int_equal(lanes.order_count, orders);
    }
}

static void count_words(void)
{
    for (int p = 0; p < LANES; p++)
        for (size_t i = 0; i < lanes.at[p].count; i++) {
            const char *value = lanes.at[p].log[i].value;
            if (!lanes.at[p].log[i].ours)
                continue;
            seen.refused += strstr(value, "\"rule\":\"parent_") != NULL;
            seen.cycles += strstr(value, "\"rule\":\"parent_is_child") != NULL;
            seen.fell += strstr(value, "\"rule\":\"merge_fell") != NULL;
            seen.copies += strstr(value, "\"via\":\"") != NULL;
        }
}

static void both_sides_agree_in_the_end(void **state)
{
    (void)state;
    for (int i = 0; i < LIVES; i++) {
        life = i;
        live();
        assert_int_equal(lanes.dead, 0);
        assert_family();
        assert_one_content();
        count_words();
        if (i % 10 == 0)
            assert_silence();
    }
    printf("%zu merges, %zu children, %zu families, %zu copies, %zu refused (%zu of children), %zu "
           "fell, %zu repeats\n",
           seen.merges, seen.children, seen.families, seen.copies, seen.refused, seen.cycles,
           seen.fell, seen.repeats);
    assert_true(seen.children > 500 && seen.copies > 500 && seen.refused > 500);
    assert_true(seen.cycles > 100 && seen.fell > 100);
}

static int finish(void **state)
{
    lanes_end();
    free(lanes.store);
    arena_fini(&lanes_arena);
    return unload(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_agree_in_the_end),
    };
    return cmocka_run_group_tests(tests, load, finish);
}
