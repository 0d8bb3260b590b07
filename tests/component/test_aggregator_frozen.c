/* SPDX-License-Identifier: Apache-2.0 */
/* Periods that are frozen, and views whose files change behind it: what the change alone made is no
 * adjustment, and what came late is one under either file (docs/decisions/0404). */
#include "fills.h"

#define LATE 55800000 /* a case that is opened half an hour before midnight */

/* The files as they are, but for this one. */
static struct batch_rules rules_with(const char *name, const char *text)
{
    struct diagnostics *diagnostics = diagnostics_new();
    assert_true(write_file(name, text));
    struct batch_rules later = here.after;
    later.views = views_load(here.folder, here.kinds, diagnostics);
    assert_non_null(later.views);
    diagnostics_free(diagnostics);
    return later;
}

/* Measures before those that were there, a group fewer, hours instead of days. */
static struct batch_rules rules_of_later(void)
{
    assert_true(write_file("comes", "view: comes\nof: { kind: request }\ngroup: [unit]\nmeasures:\n"
                                    "  net: { duration: { from: opened, to: closed, net: true } }\n"
                                    "  full: { duration: { from: opened, to: closed } }\n"));
    return rules_with(
        "changes", "view: changes\nof: { kind: request }\ngroup: [type_code]\n"
                   "buckets: [hour]\nmeasures:\n  closed: { count: closed }\n"
                   "  opened: { count: opened }\nflow:\n  ended: { count: closed, by: closed }\n");
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

/* As programs of before 0031 left it: bins have their measure's number in the file of then, which
 * in `after` was another. The next who opens the database migrates it. */
static void undo_shapes(void)
{
    run("ALTER TABLE core.frozen_cell DISABLE TRIGGER stays; UPDATE core.frozen_cell SET key = "
        "jsonb_set(key, '{measure}', CASE WHEN period <> 'after' AND key ->> 'measure' = 'full' "
        "THEN '1' ELSE '0' END::jsonb) WHERE relation = 'hist_comes' AND jsonb_typeof(key -> "
        "'measure') = 'string'; ALTER TABLE core.frozen_cell ENABLE TRIGGER stays; ALTER TABLE "
        "core.view DROP COLUMN shape; ALTER TABLE core.period DROP COLUMN shapes; DROP FUNCTION "
        "core.shape_of, core.names_of_one; DELETE FROM core.migration WHERE number >= 31");
}

static int64_t has_shape(const char *period, const char *relation)
{
    char sql[128];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM core.period WHERE name = '%s' AND shapes ? '%s'", period,
             relation);
    return number(sql);
}

/* Its view may be gone, have come or have changed before there were shapes. */
static void what_was_frozen_without_a_shape_is_what_its_rows_say(void **state)
{
    (void)state;
    freeze("old");
    undo_shapes();
    const struct batch_rules daily = rules_with(
        "changes", "view: changes\nof: { kind: request }\ngroup: [type_code]\nmeasures:\n"
                   "  closed: { count: closed }\n  opened: { count: opened }\nflow:\n"
                   "  ended: { count: closed, by: closed }\n");
    apply(&daily); /* hours were frozen */
    assert_adjusted("old", "");
    assert_adjusted("before", "cell_changes {\"opened_n\": 101} {\"opened_n\": 102}\n"
                              "cell_same s110105001 {\"opened_n\": 66} {\"opened_n\": 67}");
    assert_int_equal(has_shape("before", "cell_goes"), 1);
    assert_int_equal(number("SELECT count(*) FROM core.period WHERE name = 'before' AND shapes -> "
                            "'cell_goes' ->> 'hash' = ''"), /* it was there, and is as no other */
                     1);
    assert_int_equal(has_shape("before", "cell_comes"), 0);
    assert_int_equal(has_shape("old", "hist_comes"), 1);
    assert_int_equal(has_shape("after", "hist_comes"), 0); /* of which measure are they? */

    tell(&daily, 101, 102, false);
    assert_adjusted("old", "cell_changes {\"ended_n\": 9, \"closed_n\": 9, \"opened_n\": 14} "
                           "{\"ended_n\": 9, \"closed_n\": 9, \"opened_n\": 15}\n"
                           "cell_same s110105001 {\"opened_n\": 67} {\"opened_n\": 68}");
    tell(&daily, 101, 102, true);
    assert_int_equal(number("SELECT sum((live ->> 'n')::integer - coalesce((frozen ->> "
                            "'n')::integer, 0)) FROM api.adjustments('old') WHERE relation = "
                            "'hist_comes' AND key ->> 'measure' IN ('full', 'net')"),
                     2);
    assert_int_equal(number("SELECT count(*) FROM core.period WHERE name IN ('old', 'before') AND "
                            "shapes -> 'cell_changes' ->> 'grain' = CASE name WHEN 'old' THEN "
                            "'hour' ELSE 'day' END"),
                     2);
}

/* An empty view may have an adjustment too, if it was there. */
static void what_was_frozen_with_a_shape_keeps_it(void **state)
{
    (void)state;
    const struct batch_rules rules = rules_of_later();
    apply(&rules);
    run("SELECT core.freeze_period('empty', '2027-01-01', '2027-12-31', 'w', 'r'); DELETE FROM "
        "core.migration WHERE number = 33");
    tell(&rules, 103, 104, false);
    assert_int_equal(number("SELECT count(*) FROM core.period WHERE name = 'empty' AND shapes = "
                            "(SELECT jsonb_object_agg(r, core.shape_of(r)) FROM "
                            "core.cell_relations() AS r)"),
                     1);
}

/* Of a stock in which nothing moved there is its opening balance alone, which has no grain. */
static void a_stock_that_only_stood_is_compared_by_days(void **state)
{
    (void)state;
    const struct batch_rules days =
        rules_with("holds", "view: holds\nof: { kind: request }\ngroup: [unit]\nstock:\n"
                            "  open: { from: opened, to: closure }\n");
    apply(&days);
    run("SELECT core.freeze_period('stood', '2027-01-01', '2027-12-31', 'w', 'r')");
    undo_shapes();
    const struct batch_rules halves =
        rules_with("holds", "view: holds\nof: { kind: request }\ngroup: [unit]\nbuckets: [day, "
                            "noon_day]\nstock:\n  open: { from: opened, to: closure }\n");
    apply(&halves);
    assert_int_equal(has_shape("stood", "cell_holds"), 1);
    assert_adjusted("stood", "");
    /* Hours are live where days were frozen, and no writer has begun yet who would say so. */
    assert_adjusted("before", "cell_changes {\"opened_n\": 101} {\"opened_n\": 104}\n"
                              "cell_same s110105001 {\"opened_n\": 66} {\"opened_n\": 69}");
    tell(&halves, 104, 105, false);
    assert_int_equal(number("SELECT sum((live ->> 'open_n')::integer - (frozen ->> "
                            "'open_n')::integer) FROM api.adjustments('stood') WHERE key ->> "
                            "'bucket' = 'opening'"),
                     1);
}

/* A unit sees nothing of a view without units: it would see the other side alone. */
static void a_group_of_units_that_comes_or_goes_is_no_units_adjustment(void **state)
{
    (void)state;
    run("CREATE ROLE dash_d_urban NOLOGIN IN ROLE dash; GRANT dash_d_urban TO CURRENT_USER");
    freeze("units");
    const struct batch_rules unitless =
        rules_with("same", "view: same\nof: { kind: request }\ngroup: [type_code]\nmeasures:\n"
                           "  opened: { count: opened }\n");
    apply(&unitless);
    freeze("none");
    run("SET ROLE dash_d_urban");
    assert_adjusted("units", "");
    run("RESET ROLE");
    assert_adjusted("units", "");
    const struct batch_rules again =
        rules_with("same", "view: same\nof: { kind: request }\ngroup: [unit]\nmeasures:\n"
                           "  opened: { count: opened }\n");
    apply(&again);
    tell(&again, 105, 107, false); /* one of d_urban, one of another */
    run("SET ROLE dash_d_urban");
    assert_adjusted("none", "cell_holds d_urban {\"open_n\": 13} {\"open_n\": 14}");
    assert_adjusted("units", "cell_holds d_urban {\"open_n\": 13} {\"open_n\": 14}\n"
                             "cell_same d_urban {\"opened_n\": 35} {\"opened_n\": 36}");
    run("RESET ROLE");
    assert_int_equal(number("SELECT count(*) FROM api.adjustments('none') WHERE relation = "
                            "'cell_same'"),
                     1); /* two of one day, of all units */
}

/* From before 0017: that migration drops what would say which number is which measure. */
static void bins_that_nobody_can_name_are_not_compared(void **state)
{
    (void)state;
    const struct batch_rules rules = rules_of_later();
    apply(&rules);
    freeze("bins");
    undo_shapes();
    run("DROP VIEW api.comes_bins CASCADE; UPDATE core.view SET sql = '' WHERE name = 'comes'");
    tell(&rules, 0, 1, false);
    assert_int_equal(has_shape("bins", "cell_comes"), 1);
    assert_int_equal(has_shape("bins", "hist_comes"), 0);
    assert_adjusted("bins", "");

    freeze("moved");
    undo_shapes();
    run("ALTER TABLE core.frozen_cell DISABLE TRIGGER stays; UPDATE core.frozen_cell SET key = "
        "jsonb_set(key, '{measure}', '2') WHERE period = 'moved' AND key -> 'measure' = '1'; ALTER "
        "TABLE core.frozen_cell ENABLE TRIGGER stays");
    tell(&rules, 0, 1, false); /* the file of then had three measures */
    assert_int_equal(has_shape("moved", "hist_comes"), 0);
    assert_adjusted("moved", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_of_the_files_is_no_adjustment),
        cmocka_unit_test(what_was_frozen_without_a_shape_is_what_its_rows_say),
        cmocka_unit_test(what_was_frozen_with_a_shape_keeps_it),
        cmocka_unit_test(a_stock_that_only_stood_is_compared_by_days),
        cmocka_unit_test(a_group_of_units_that_comes_or_goes_is_no_units_adjustment),
        cmocka_unit_test(bins_that_nobody_can_name_are_not_compared),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
