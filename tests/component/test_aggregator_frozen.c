/* SPDX-License-Identifier: Apache-2.0 */
/* Periods that are frozen, and views whose files change behind it: what the change alone made is no
 * adjustment, and what came late is one under either file (docs/decisions/0404). */
#include "fills.h"

#define LATE 55800000 /* a case that is opened half an hour before midnight */

/* Measures before those that were there, a group fewer, hours instead of days. */
static struct batch_rules rules_of_later(void)
{
    struct diagnostics *diagnostics = diagnostics_new();
    assert_true(write_file(
        "changes", "view: changes\nof: { kind: request }\ngroup: [type_code]\n"
                   "buckets: [hour]\nmeasures:\n  closed: { count: closed }\n"
                   "  opened: { count: opened }\nflow:\n  ended: { count: closed, by: closed }\n"));
    assert_true(write_file("comes", "view: comes\nof: { kind: request }\ngroup: [unit]\nmeasures:\n"
                                    "  net: { duration: { from: opened, to: closed, net: true } }\n"
                                    "  full: { duration: { from: opened, to: closed } }\n"));
    struct batch_rules later = here.after;
    later.views = views_load(here.folder, here.kinds, diagnostics);
    assert_non_null(later.views);
    diagnostics_free(diagnostics);
    return later;
}

static void apply(const struct batch_rules *rules)
{
    struct error error = {0};
    struct fill *fill = open_fill(rules, false);
    while (fill_step(fill, &error) == FILL_MORE)
        ;
    if (!fill_swap(fill, "views apply", "nobody", "a test", &error))
        fail_msg("%s", error.text);
    fill_free(fill);
}

static void tell(const struct batch_rules *rules, int from, int to, bool ends)
{
    struct feed feed = open_feed(rules, 1);
    feed.from = from, feed.to = to, feed.ends = ends;
    assert_int_equal(commit(&feed, rules), WRITER_DONE);
    writer_free(feed.writer);
}

static void freeze(const char *name)
{
    char sql[128];
    snprintf(sql, sizeof sql,
             "SELECT core.freeze_period('%s', '2026-01-01', '2026-01-02', 'w', 'r')", name);
    assert_true(number(sql) > 0);
}

static void assert_adjusted(const char *period, const char *wanted)
{
    char sql[512], answer[1024];
    snprintf(sql, sizeof sql,
             "SELECT coalesce(string_agg(concat_ws(' ', relation, key ->> 'unit', key ->> "
             "'measure', frozen, live), E'\\n' ORDER BY relation, key), '') FROM "
             "api.adjustments('%s')",
             period);
    ask(sql, answer, sizeof answer);
    assert_string_equal(answer, wanted);
}

static void a_change_of_the_files_is_no_adjustment(void **state)
{
    (void)state;
    tell(&here.before, 0, 100, false);
    tell(&here.before, 0, 60, true);
    tell(&here.before, LATE, LATE + 1, false);
    tell(&here.before, LATE, LATE + 1, true);
    freeze("before");
    assert_adjusted("before", "");
    apply(&here.after); /* a group and a measure more; a view comes, one goes */
    assert_adjusted("before", "");
    freeze("after");
    assert_int_equal(number("SELECT count(*) FROM core.frozen_cell WHERE period = 'after' AND "
                            "relation = 'hist_comes' AND key ->> 'measure' = 'full'"),
                     number("SELECT count(*) FROM core.hist_comes"));
    const struct batch_rules later = rules_of_later();
    apply(&later);
    assert_adjusted("before", "");
    assert_adjusted("after", "");

    /* Case 60 ends an hour and ten seconds later; 100 is told of for the first time. */
    tell(&later, 60, 61, true);
    tell(&later, 100, 101, false);
    assert_adjusted("before", "cell_changes {\"opened_n\": 101} {\"opened_n\": 102}\n"
                              "cell_same s110105001 {\"opened_n\": 66} {\"opened_n\": 67}");
    assert_int_equal(number("SELECT count(*) FROM api.adjustments('after') WHERE relation = "
                            "'hist_comes' AND key ->> 'measure' = 'full' AND (live ->> "
                            "'n')::integer - coalesce((frozen ->> 'n')::integer, 0) = 1"),
                     1);
    assert_int_equal(number("SELECT sum((live ->> 'closed_n')::integer - (frozen ->> "
                            "'closed_n')::integer) FROM api.adjustments('after') WHERE relation = "
                            "'cell_changes'"),
                     1);
    assert_int_equal(number("SELECT count(*) FROM api.adjustments('after') WHERE relation LIKE "
                            "'hist%' AND key ->> 'measure' <> 'full'"),
                     0);
}

/* Bins of a period that a program of before 0031 froze have their measure's number. */
static void what_was_frozen_by_number_is_named(void **state)
{
    (void)state;
    run("ALTER TABLE core.frozen_cell DISABLE TRIGGER stays; UPDATE core.frozen_cell SET key = "
        "jsonb_set(key, '{measure}', '1') WHERE relation = 'hist_comes'; ALTER TABLE "
        "core.frozen_cell ENABLE TRIGGER stays; ALTER TABLE core.view DROP COLUMN shape; ALTER "
        "TABLE core.period DROP COLUMN shapes; DROP FUNCTION core.shape_of, core.names_of_one; "
        "DELETE FROM core.migration WHERE number >= 31");
    const struct batch_rules later = rules_of_later();
    tell(&later, 101, 102, false);
    assert_int_equal(number("SELECT count(*) FROM core.frozen_cell WHERE relation = 'hist_comes' "
                            "AND key ->> 'measure' <> 'full'"),
                     0);
    assert_int_equal(number("SELECT count(*) FROM api.adjustments('after') WHERE relation = "
                            "'hist_comes' AND key ->> 'measure' = 'full'"),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_of_the_files_is_no_adjustment),
        cmocka_unit_test(what_was_frozen_by_number_is_named),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
