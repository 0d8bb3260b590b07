/* SPDX-License-Identifier: Apache-2.0 */
/* The desk's queue and the most urgent cases as the API asks for them are read in their order,
 * whatever else waits. */
#include "lists.h"

/* A desk that is far behind, among five times as many cases. */
static int open_all(void **state)
{
    (void)state;
    if (!open_lists())
        return 1;
    run("INSERT INTO core.case_now (case_id, kind, part, log_offset, state, desk_cause, opened_ms, "
        "due_ms, live) SELECT 'request:test:' || n, 'request', 0, n, 'waiting', CASE n % 10 WHEN 0 "
        "THEN 'overdue' WHEN 5 THEN 'fallback' END, CASE WHEN n % 7 > 0 THEN 1767196800000 + n * "
        "7919 % 100003 END, CASE WHEN n % 3 > 0 THEN 1767196800000 + n * 104729 % 100019 END, true "
        "FROM generate_series(1::bigint, 100000) AS n; ANALYZE core.case_now; ANALYZE core.firing");
    return 0;
}

/* What has no place is at the desk too. */
static void the_desk_is_asked_for_what_has_no_place(void **state)
{
    static const char *const nowhere[][2] = {{"street_code", "none"}, {"kind", "none_at_desk"}};
    char said[512];
    (void)state;
    run("INSERT INTO core.case_now (case_id, kind, part, log_offset, state, desk_cause, "
        "street_code, opened_ms, live) VALUES ('desk:n:a', 'none_at_desk', 0, 1, 'waiting', "
        "'fallback', NULL, 1, true), ('desk:n:b', 'none_at_desk', 0, 1, 'waiting', 'fallback', "
        "'1', 2, true); SET ROLE dash_all");
    ask("", LIST_DESK, nowhere, 2, 1, said, sizeof said);
    run("RESET ROLE; DELETE FROM core.case_now WHERE kind = 'none_at_desk'");
    assert_string_equal(said, "1.desk:n:a\n");
}

/* By the index, and what is sorted is the page, and the lines of each of its few cases. */
static void assert_reads(const char *const pairs[][2], size_t count, const char *index)
{
    char plan[8192];
    ask("EXPLAIN (COSTS OFF) ", LIST_DESK, pairs, count, 0, plan, sizeof plan);
    for (const char *sort = plan; (sort = strstr(sort, "Sort Key: ")); sort++)
        if (strncmp(sort, "Sort Key: (row_number()", 23) != 0 &&
            strncmp(sort, "Sort Key: a.n ", 14) != 0)
            fail_msg("%s", plan);
    if (!strstr(plan, index))
        fail_msg("%s", plan);
}

static void a_page_is_read_in_its_order(void **state)
{
    static const char *const opened[][2] = {{"order", "opened"}, {"after", "1767196850000.x"}};
    static const char *const due[][2] = {
        {"order", "due"}, {"cause", "overdue"}, {"after", "1767196850000.x"}};
    (void)state;
    run("SET ROLE dash_all");
    assert_reads(opened, 1, "case_now_desk on case_now");
    assert_reads(opened, 2, "case_now_desk on case_now");
    assert_reads(due, 1, "case_now_desk_due on case_now");
    assert_reads(due, 2, "case_now_desk_due on case_now");
    assert_reads(due, 3, "case_now_desk_due on case_now");
    run("RESET ROLE");
}

/* Four emergencies: one is done, one is history, one has no limit: it comes before what has more
 * than a day (docs/decisions/0379), and behind what has less. */
static void emergencies_are_the_most_urgent(void **state)
{
    static const char *const due[][2] = {{"order", "due"}, {"after", "0.x"}, {"kind", "request"}};
    char said[512], plan[8192];
    (void)state;
    run("INSERT INTO core.case_now (case_id, kind, part, log_offset, state, desk_cause, opened_ms, "
        "due_ms, resolved_ms, live) VALUES ('request:e:late', 'request', 0, 1, 'waiting', "
        "'emergency', 1, 1767296800000, NULL, true), ('request:e:none', 'request', 0, 1, "
        "'waiting', 'emergency', 1767296800000 - 86400000 + 1, NULL, NULL, true), "
        "('request:e:far', 'request', 0, 1, 'waiting', 'emergency', 1, 1767296800002, NULL, true), "
        "('request:e:done', 'request', 0, 1, "
        "'resolved', 'emergency', 1, 1, 2, true), ('request:e:old', 'request', 0, 1, 'waiting', "
        "'emergency', 1, NULL, NULL, false), ('request:e:soon', 'request', 0, 1, 'open', NULL, 1, "
        "1, NULL, true); ANALYZE core.case_now; SET ROLE dash_all");
    for (size_t count = 1; count <= 3; count++) {
        ask("", LIST_CASES, due, count, 0, said, sizeof said);
        const char *at = strstr(said, "request:e:late"), *then = strstr(said, "request:e:none"),
                   *far = strstr(said, "request:e:far"), *last = strstr(said, "request:e:soon");
        if (!at || !then || !far || !last || at > then || then > far || far > last ||
            strstr(said, "request:e:done") || strstr(said, "request:e:old"))
            fail_msg("%s", said);
        ask("EXPLAIN (COSTS OFF) ", LIST_CASES, due, count, 0, plan, sizeof plan);
        if (strstr(plan, "Sort") || !strstr(plan, "case_now_urgent"))
            fail_msg("%s", plan);
    }
    static const char *const after[][2] = {{"order", "due"},
                                           {"after", "1767296800002.request:e:far"}};
    ask("", LIST_CASES, after, 2, 0, said, sizeof said);
    run("RESET ROLE");
    if (strstr(said, "request:e:far") || strncmp(strchr(said, '.'), ".request:e:soon", 15) != 0)
        fail_msg("%s", said);
}

static void assert_lists(const char *const pairs[][2], const char *const *wanted)
{
    static const char *const all[] = {"runs", "held", "late", "before"};
    char said[512], name[32];
    ask("", LIST_CASES, pairs, 2, 0, said, sizeof said);
    for (size_t i = 0; i < ARRAY_LENGTH(all); i++) {
        bool is = false;
        for (const char *const *one = wanted; *one; one++)
            is = is || strcmp(*one, all[i]) == 0;
        snprintf(name, sizeof name, "life:l:%s\n", all[i]);
        if (is != (strstr(said, name) != NULL))
            fail_msg("%s=%s, %s: %s", pairs[1][0], pairs[1][1], all[i], said);
    }
}

/* By each case's own clock (docs/decisions/0368), and of its whole life (0370); of a row of before
 * that nothing is known of. */
static void a_list_is_of_what_is_overdue_and_of_what_ever_was(void **state)
{
    static const char *const asked[][2][2] = {
        {{"kind", "life"}, {"overdue", "yes"}},  {{"kind", "life"}, {"overdue", "no"}},
        {{"kind", "life"}, {"reopened", "yes"}}, {{"kind", "life"}, {"reopened", "no"}},
        {{"kind", "life"}, {"disputed", "yes"}}, {{"kind", "life"}, {"disputed", "no"}}};
    static const char *const wanted[][4] = {
        {"runs", "late", "before"}, {"held"},         {"runs"},
        {"held", "late", "before"}, {"runs", "held"}, {"late", "before"}};
    (void)state;
    run("INSERT INTO core.kafka_offset (topic, part, next_offset, epoch, owner, tick_ms) VALUES "
        "('life', "
        "0, 0, 0, 'x', 2000); INSERT INTO core.case_now (case_id, kind, part, log_offset, state, "
        "opened_ms, due_ms, held_ms, rounds, disputes, live) VALUES ('life:l:runs', 'life', 0, 1, "
        "'open', 1, 1500, NULL, 2, 1, true), ('life:l:held', 'life', 0, 1, 'held', 1, 1500, 1499, "
        "1, 2, true), ('life:l:late', 'life', 0, 1, 'held', 1, 1500, 1500, 1, 0, true), "
        "('life:l:before', 'life', 0, 1, 'open', 1, 1500, NULL, NULL, NULL, true); SET ROLE "
        "dash_all");
    for (size_t i = 0; i < ARRAY_LENGTH(asked); i++)
        assert_lists(asked[i], wanted[i]);
    run("RESET ROLE; DELETE FROM core.case_now WHERE kind = 'life'; DELETE FROM core.kafka_offset "
        "WHERE topic = 'life'");
}

/* At the desk by the same rule. */
static void the_desk_has_them_in_the_same_order(void **state)
{
    static const char *const due[][2] = {{"order", "due"}};
    static const char *const wanted[] = {"request:e:done", "request:e:late", "request:e:none",
                                         "request:e:far"};
    char said[8192];
    (void)state;
    run("SET ROLE dash_all");
    ask("", LIST_DESK, due, 1, 1, said, sizeof said);
    run("RESET ROLE");
    for (size_t i = 1; i < ARRAY_LENGTH(wanted); i++)
        if (!strstr(said, wanted[i - 1]) || !strstr(said, wanted[i]) ||
            strstr(said, wanted[i - 1]) > strstr(said, wanted[i]))
            fail_msg("%s", said);
}

static void assert_finds(const char *const pairs[][2], size_t count, const char *wanted,
                         const char *index)
{
    char said[512], plan[8192];
    ask("", LIST_CASES, pairs, count, 0, said, sizeof said);
    if (strcmp(said, wanted) != 0)
        fail_msg("%s=%s: %s, not %s", pairs[0][0], pairs[0][1], said, wanted);
    ask("EXPLAIN (COSTS OFF) ", LIST_CASES, pairs, count, 0, plan, sizeof plan);
    if (strstr(plan, "Seq Scan on case_now") || !strstr(plan, index))
        fail_msg("%s=%s: %s", pairs[0][0], pairs[0][1], plan);
}

/* docs/decisions/0378, 0379: each over an index of its own. */
static void a_list_is_of_what_happened_in_these_days_and_of_what_is_due_soon(void **state)
{
    static const char *const reopened[][2] = {{"reopened_from", "2026-01-01T00:00:00Z"},
                                              {"reopened_to", "2026-01-01T12:00:00Z"}};
    static const char *const upheld[][2] = {{"upheld_from", "2026-01-01"},
                                            {"upheld_to", "2026-01-02"}};
    static const char *const soon[][2] = {{"due_within", "2"}, {"kind", "day"}};
    static const char *const late[][2] = {{"order", "limit"}, {"overdue", "yes"}, {"kind", "day"}};
    static const char *const by_limit[][2] = {{"order", "limit"}, {"kind", "day"}};
    static const char *const behind[][2] = {
        {"order", "limit"}, {"kind", "day"}, {"after", "1767232800000.day:l:held"}};
    static const char *const nowhere[][2] = {{"street_code", "none"}, {"kind", "day"}};
    static const char *const here_or_nowhere[][2] = {{"street_code", "2,none"},
                                                     {"to", "1970-01-02"}};
    static const char *const nobody[][2] = {{"community_code", "none"}, {"kind", "day"}};
    (void)state;
    run("INSERT INTO core.kafka_offset (topic, part, next_offset, epoch, owner, tick_ms) VALUES "
        "('day', 0, 0, 0, 'x', 1767225600000); INSERT INTO core.case_now (case_id, kind, part, "
        "log_offset, state, street_code, community_code, opened_ms, due_ms, held_ms, reopened_at, "
        "upheld_at, live) VALUES ('day:l:twice', 'day', 0, 1, 'open', '1', '1', 7, 1767225600000, "
        "NULL, '{1767139200000,1767225600000}', '{1767196799999,1767283200000}', true), "
        "('day:l:later', 'day', 0, 1, 'open', '1', NULL, 6, 1767232800000, NULL, "
        "'{1767268800000}', '{1767196800000}', true), ('day:l:held', 'day', 0, 1, 'held', NULL, "
        "NULL, 5, 1767232800000, 1, NULL, NULL, true), ('day:l:far', 'day', 0, 1, 'open', '2', "
        "'1', 4, 1767232800001, NULL, NULL, NULL, true); UPDATE core.case_now SET street_code = "
        "'1', community_code = '1' WHERE kind = 'request'; ANALYZE core.case_now; SET ROLE "
        "dash_all");
    assert_finds(reopened, 2, "7.day:l:twice\n", "case_now_reopened_at");
    assert_finds(upheld, 2, "6.day:l:later\n", "case_now_upheld_at");
    assert_finds(soon, 2, "6.day:l:later\n", "case_now_limit");
    run("SET enable_seqscan = off"); /* of so few rows the planner sorts them all */
    assert_finds(late, 3, "1767225600000.day:l:twice\n", "case_now_limit");
    assert_finds(by_limit, 2,
                 "1767225600000.day:l:twice\n1767232800000.day:l:held\n1767232800000.day:l:later\n"
                 "1767232800001.day:l:far\n",
                 "case_now_limit");
    assert_finds(behind, 3, "1767232800000.day:l:later\n1767232800001.day:l:far\n",
                 "case_now_limit");
    run("RESET enable_seqscan");
    assert_finds(nowhere, 2, "5.day:l:held\n", "case_now_no_street");
    assert_finds(here_or_nowhere, 2, "5.day:l:held\n4.day:l:far\n", "case_now_opened");
    assert_finds(nobody, 2, "6.day:l:later\n5.day:l:held\n", "case_now_no_community");
    run("RESET ROLE; DELETE FROM core.case_now WHERE kind = 'day'; DELETE FROM core.kafka_offset "
        "WHERE topic = 'day'");
}

static int number_of(const char *space, const char *code)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT number FROM core.code WHERE space = '%s' AND code = '%s'",
             space, code);
    return (int)aggregator_store_number(&store, sql);
}

/* Numbers of a line are of base 36. */
static const char *base36(char text[8], int number)
{
    static const char digit[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    snprintf(text, 8, number < 36 ? "%c" : "%c%c", digit[number < 36 ? number : number / 36],
             digit[number % 36]);
    return text;
}

static void add_line(char *lines, size_t size, const char *id, const char *stage, const char *party,
                     const char *rest)
{
    char stage_[8], party_[8];
    size_t len = strlen(lines);
    snprintf(lines + len, size - len, "1|%s|1|%s|1|1||%s|v=1%s\n", id,
             base36(stage_, number_of("stage", stage)), base36(party_, number_of("party", party)),
             rest);
}

/* Another unit's word, said later, asks nothing: its reason is not that of who asks. */
static void the_reason_is_that_of_who_asks(void **state)
{
    static const char *const disputes[][2] = {{"cause", "dispute"}}, *const holds[][2] = {
                                                                         {"cause", "hold"}};
    char lines[1024] = "", sql[2048], said[4096];
    (void)state;
    add_line(lines, sizeof lines, "aa", "disputed", "lead", "|i=of before");
    add_line(lines, sizeof lines, "bb", "escalated", "router", "|r=dispute|u=aa|n=dispute");
    add_line(lines, sizeof lines, "cc", "disputed", "lead", "|i=of who\\|i=asks");
    add_line(lines, sizeof lines, "dd", "hold_requested", "lead", "|i=of a hold");
    add_line(lines, sizeof lines, "ee", "disputed", "lead", "|i=of another");
    add_line(lines, sizeof lines, "ff", "disputed", "co", "|i=of a helper");
    add_line(lines, sizeof lines, "gg", "escalated", "router", "|r=hold|u=dd|n=hold");
    add_line(lines, sizeof lines, "hh", "escalated", "desk", "|r=dispute|u=ee|n=dispute");
    add_line(lines, sizeof lines, "jj", "noted", "router", "|r=dispute|u=ee");
    add_line(lines, sizeof lines, "kk", "escalated", "router", "|r=dispute|u=cc|n=dispute");
    for (int hold = 0; hold < 2; hold++) {
        snprintf(sql, sizeof sql,
                 "INSERT INTO core.case_now (case_id, kind, part, log_offset, state, desk_cause, "
                 "opened_ms, live) VALUES ('request:why:%d', 'request', 0, 1, 'open', '%s', 1, "
                 "true); INSERT INTO core.case_set (case_id, kind, lines) VALUES "
                 "('request:why:%d', 'request', '%s')",
                 hold, hold ? "hold" : "dispute", hold, lines);
        run("RESET ROLE");
        run(sql);
    }
    run("SET ROLE dash_all");
    ask("", LIST_DESK, disputes, 1, 2, said, sizeof said);
    if (!strstr(said, "\"said\":\"of who|i=asks\""))
        fail_msg("%s", said);
    ask("", LIST_DESK, holds, 1, 2, said, sizeof said);
    if (!strstr(said, "\"said\":\"of a hold\""))
        fail_msg("%s", said);
    run("RESET ROLE; DELETE FROM core.case_now WHERE case_id LIKE 'request:why:%'; DELETE FROM "
        "core.case_set WHERE case_id LIKE 'request:why:%'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_read_in_its_order),
        cmocka_unit_test(a_list_is_of_what_is_overdue_and_of_what_ever_was),
        cmocka_unit_test(emergencies_are_the_most_urgent),
        cmocka_unit_test(the_desk_has_them_in_the_same_order),
        cmocka_unit_test(the_desk_is_asked_for_what_has_no_place),
        cmocka_unit_test(a_list_is_of_what_happened_in_these_days_and_of_what_is_due_soon),
        cmocka_unit_test(the_reason_is_that_of_who_asks),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
