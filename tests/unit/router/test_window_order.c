/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions are read at different speeds, processes end anywhere: what fires, with which cause,
 * evidence and place, hangs on neither. */
#include "windows.h"

#define HEAD "trigger: t\nname: 例\non: { kind: request, stage: opened }\ngroup: [community_code]\n"
#define THREE                                                                                      \
    HEAD "count: { at_least: 3, within: 7d, distinct: { caller_ref: 2 } }\n"                       \
         "open: { place: same, say: \"{count}件{distinct}人\" }\n"

#define MOST_FACTS 256
#define HOUR       60

struct told {
    char line[200];
    unsigned group;
    int minute; /* of its receipt */
    int after;  /* a revision of the same event is told before; -1 = it is the first */
};

static void write_line(struct told *fact, int id, int time)
{
    int late = fact->minute;
    snprintf(fact->line, sizeof fact->line,
             "fact f%d 03-%02dT%02d:%02d C%u caller_ref=%c street_code=%u told=03-%02dT%02d:%02d%s",
             id, 2 + time / 1440, time % 1440 / 60, time % 60, fact->group,
             (char)('a' + random_below(3)), 110105001 + random_below(9), 2 + late / 1440,
             late % 1440 / 60, late % 60, fact->after >= 0 && random_below(2) ? " gone" : "");
}

/* Some of them corrected or taken back later, some of those once more. */
static int draw_facts(struct told *facts, int count)
{
    int id[MOST_FACTS], all = count + count / 2;
    for (int i = 0; i < count; i++) {
        int late = (int)random_below(4) ? 0 : 5 * HOUR;
        facts[i] = (struct told){
            .group = random_below(4), .minute = (int)random_below(3 * 24 * HOUR), .after = -1};
        id[i] = i;
        write_line(&facts[i], i, facts[i].minute > late ? facts[i].minute - late : 0);
    }
    for (int i = count; i < all; i++) {
        int of = (int)random_below((unsigned)i);
        for (int k = of + 1; k < i; k++) /* the newest of that event */
            of = id[k] == id[of] ? k : of;
        id[i] = id[of];
        facts[i] = (struct told){.group = facts[of].group,
                                 .minute = facts[of].minute + (int)random_below(2 * HOUR),
                                 .after = of};
        write_line(&facts[i], id[i], facts[of].minute);
    }
    return all;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every event that opens a case, whole: cause, evidence and place are of it. */
static size_t read_openings(struct strbuf *out)
{
    char *opened[MOST_KEPT];
    size_t count = 0;
    for (size_t i = 0; i < kept_count; i++)
        if (is_opened(&kept[i]))
            opened[count++] = kept[i].value;
    qsort(opened, count, sizeof *opened, by_text);
    strbuf_reset(out);
    for (size_t i = 0; i < count; i++)
        strbuf_addf(out, "%s\n", opened[i]);
    return count;
}

/* Tells what is due of it in this hour, and some of what is not; false: one has to wait for
 * another. */
static bool tell_round(const struct told *facts, int count, int hour, unsigned skew, bool *told,
                       bool restarts)
{
    bool all = true;
    for (int n = 0, start = (int)random_below((unsigned)count); n < count; n++) {
        int i = (start + n) % count;
        bool due = facts[i].minute < hour * HOUR;
        if (told[i] || (!due && (skew == 0 || random_below(100) >= skew)))
            continue;
        if (facts[i].after >= 0 && !told[facts[i].after]) {
            all &= !due;
            continue;
        }
        told[i] = true;
        obey(facts[i].line);
        if (restarts && random_below(10) == 0)
            restart();
    }
    return all;
}

/* Hour by hour; in each the facts received until then, and some of later ones, in a random order,
 * but for the revisions of one event, which come from one partition. */
static size_t tell_in_any_order(const struct told *facts, int count, unsigned skew, bool restarts,
                                struct strbuf *fired)
{
    bool told[MOST_FACTS] = {false};
    begin_with(THREE);
    for (int hour = 1; hour <= 76; hour++) {
        while (!tell_round(facts, count, hour, skew, told, restarts))
            continue;
        obeyf("tick 03-%02dT%02d:00", 2 + hour / 24, hour % 24);
    }
    size_t firings = read_openings(fired);
    end();
    return firings;
}

static void what_fires_is_a_function_of_what_was_received_when(void **state)
{
    static struct told facts[MOST_FACTS];
    struct strbuf wanted, came;
    size_t firings = 0;
    (void)state;
    strbuf_init(&wanted, 1024, 1 << 20);
    strbuf_init(&came, 1024, 1 << 20);
    for (uint64_t n = 1; n <= 100; n++) {
        seed = n;
        int count = draw_facts(facts, 9 + (int)random_below(100));
        firings += tell_in_any_order(facts, count, 0, false, &wanted);
        for (unsigned skew = 0; skew <= 60; skew += 30) {
            tell_in_any_order(facts, count, skew, true, &came);
            if (!span_equal(strbuf_span(&came), strbuf_span(&wanted)))
                fail_msg("seed %d, skew %u:\n%s\nand not\n%s", (int)n, skew, came.at, wanted.at);
        }
    }
    assert_true(firings > 100);
    strbuf_fini(&wanted);
    strbuf_fini(&came);
}

/* An upload's rows are received in one moment: whichever is read first, the same one is the word.
 */
static void of_words_in_one_moment_it_is_the_same_one(void **state)
{
    static const char *const orders[][2] = {{"a", "b"}, {"b", "a"}};
    char heard[2][4096];
    (void)state;
    for (int n = 0; n < 2; n++) {
        begin_with("trigger: t\nname: 例\ngroup: [station]\nsilence: { cadences: 3 }\n"
                   "open: { place: same, say: \"{station}\" }\n");
        for (int i = 0; i < 2; i++)
            obeyf("fact %s 03-02T08:00 st001 station=st001 via=platform", orders[n][i]);
        obey("tick 03-30T08:00");
        assert_int_equal(count_firings(), 1);
        snprintf(heard[n], sizeof heard[n], "%s", last_firing());
        end();
    }
    assert_string_equal(heard[0], heard[1]);
    assert_non_null(strstr(heard[0], "\"cause\":\"a\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fires_is_a_function_of_what_was_received_when),
        cmocka_unit_test(of_words_in_one_moment_it_is_the_same_one),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
