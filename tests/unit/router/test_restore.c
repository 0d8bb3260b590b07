/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a state topic said of a case before, the last record of it holds: lines that came behind
 * those read before, in front of them, in their place, or went; packed, or as the text that an
 * earlier version wrote. */
#include "flow.h"

#include "router/core/case_flow_internal.h"

enum { LIVES = 4000, MOST_RECORDS = 8, MOST_LINES = 10 };

static uint64_t seed = 20251126;

static uint64_t roll(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

struct lines {
    struct case_line at[MOST_LINES];
    char ids[MOST_LINES][32];
    size_t count;
};

static struct span words(void)
{
    static const char *const all[] = {"R0303", "s110105001", "a line\nfeed|and\\a bar", "", "007"};
    return span_of(all[roll(ARRAY_LENGTH(all))]);
}

/* A cause may be any line's, or none of the case's. */
static void write_line(struct lines *lines, size_t at, size_t known)
{
    static size_t made;
    snprintf(lines->ids[at], sizeof lines->ids[at], roll(4) ? "A%021zu" : "id %zu", ++made);
    struct case_line *line = &lines->at[at];
    *line = (struct case_line){.id = span_of(lines->ids[at]),
                               .revision = SPAN("0.mgk0000.1.00000000000000aa"),
                               .stage = 1 + (int)roll(9),
                               .party = (int)roll(5),
                               .time_ms = NOON + (int64_t)roll(1000),
                               .recorded_ms = roll(9) ? NOON + (int64_t)roll(1000) : TIMESTAMP_NONE,
                               .live = roll(2)};
    for (int i = 0; i < CASE_ATTRIBUTES; i++)
        if (roll(4) == 0 && i != CASE_CAUSE)
            line->attribute[i] = words();
    if (roll(2))
        line->attribute[CASE_CAUSE] =
            known && roll(4) ? lines->at[roll(known)].id : SPAN("nobody's");
}

static void put(struct lines *lines, size_t at)
{
    if (lines->count == MOST_LINES)
        return;
    size_t spare = lines->count++;
    write_line(lines, spare, spare);
    struct case_line line = lines->at[spare];
    memmove(&lines->at[at + 1], &lines->at[at], (spare - at) * sizeof line);
    lines->at[at] = line;
}

static void change(struct lines *lines)
{
    size_t count = lines->count;
    switch (roll(6)) {
    case 0: put(lines, roll(count + 1)); break;
    case 1:
        if (count)
            lines->at[roll(count)].party = (int)roll(5);
        break;
    case 2:
        if (count > 1)
            lines->count--;
        break;
    default:
        for (uint64_t more = 1 + roll(4); more > 0; more--)
            put(lines, lines->count);
    }
}

static void check(struct case_flow *flow, struct span last)
{
    struct case_set set;
    struct strbuf text;
    strbuf_init(&text, 4096, CASE_SET_MAX_BYTES);
    arena_reset(&flow->arena);
    struct case_entry *entry = case_book_find(flow->book, SPAN(CASE));
    assert_non_null(entry);
    assert_int_equal(entry->said, 0);
    assert_true(case_flow_unpack(flow, entry, &set));
    case_set_write(&text, &set, rules.codes);
    assert_true(span_equal(strbuf_span(&text), last));
    strbuf_fini(&text);
}

static void the_last_record_of_a_case_holds(void **state)
{
    (void)state;
    struct strbuf text, packed;
    strbuf_init(&text, 4096, CASE_SET_MAX_BYTES);
    strbuf_init(&packed, 4096, CASE_SET_MAX_BYTES);
    for (int life = 0; life < LIVES; life++) {
        static struct lines lines;
        struct case_flow *flow = begin();
        lines.count = 0;
        put(&lines, 0); /* of no case an empty set is written */
        for (uint64_t left = 1 + roll(MOST_RECORDS); left > 0; left--) {
            change(&lines);
            struct case_set set = {.lines = lines.at, .count = lines.count};
            strbuf_reset(&text);
            strbuf_reset(&packed);
            case_set_write(&text, &set, rules.codes);
            case_pack_write(&packed, &set);
            case_flow_restore(flow, SPAN(CASE), strbuf_span(roll(3) ? &packed : &text));
            if (roll(20) == 0 && left > 1) /* forgotten, and told of again */
                case_flow_restore(flow, SPAN(CASE), SPAN_NONE);
        }
        case_flow_restored(flow);
        assert_null(case_flow_fault(flow));
        check(flow, strbuf_span(&text));
        case_flow_close(flow);
    }
    strbuf_fini(&text);
    strbuf_fini(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_record_of_a_case_holds),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
