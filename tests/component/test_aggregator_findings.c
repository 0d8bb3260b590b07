/* SPDX-License-Identifier: Apache-2.0 */
/* What triggers found, as API and desk ask for it: by what holds, within its days, from its
 * indexes; and what stands in core.firing, said by whomever, stops nobody who writes it. */
#include "lists.h"

/* What was found, of whom, and whether it is over at 1000. */
static const struct {
    const char *id, *trigger, *group, *of, *state;
    int fired, due, resolved, closed;
    bool over;
    int held;
} found[] = {
    {"a", "near_due", "case", "request:over:a", "open", 500, 2000, 0, 0, false, 0},
    {"b", "near_due", "case", "request:over:b", "open", 500, 999, 0, 0, true, 0},
    {"c", "near_due", "case", "request:over:c", "resolved", 500, 2000, 900, 0, true, 0},
    {"d", "near_due", "case", "request:over:d", "closed", 500, 2000, 0, 900, true, 0},
    {"e", "near_due", "case", "request:over:e", "merged", 500, 2000, 0, 0, true, 0},
    {"f", "threat", "case", "request:over:f", "open", 500, 999, 0, 0, false, 0},
    {"g", "threat", "case", "request:over:g", "resolved", 500, 2000, 900, 0, true, 0},
    {"h", "repeat", "type_code", "request:over:d", "closed", 500, 2000, 0, 900, false, 0},
    {"i", "silent", "station", "heard", NULL, 500, 0, 0, 0, true, 0},
    {"j", "silent", "station", "silent", NULL, 500, 0, 0, 0, false, 0},
    {"k", "queue", "station", "heard", NULL, 500, 0, 0, 0, false, 0},
    {"l", "near_due", "case", "request:over:unread", NULL, 1001, 0, 0, 0, false, 0},
    {"m", "near_due", "case", "request:over:m", "open", 500, 0, 0, 0, false, 0},
    /* by its own clock, which stands (docs/decisions/0388) */
    {"n", "near_due", "case", "request:over:n", "held", 500, 999, 0, 0, false, 998},
    {"o", "near_due", "case", "request:over:o", "held", 500, 999, 0, 0, true, 999},
    {"p", "near_due", "case", "request:over:p", "held", 500, 2000, 0, 0, false, 900},
};

static void put_found(size_t i)
{
    char sql[1024], due[16] = "NULL", resolved[16] = "NULL", closed[16] = "NULL", held[16] = "NULL";
    snprintf(sql, sizeof sql,
             "INSERT INTO core.case_now (case_id, kind, part, log_offset, state, desk_cause, "
             "opened_ms, subject, live) VALUES ('proactive:%s:%s', 'proactive', 0, 1, 'waiting', "
             "'confirm', %d, core.subject('{\"group\": {\"%s\": \"%s\"}}'), true)",
             found[i].trigger, found[i].id, found[i].fired, found[i].group, found[i].of);
    run(sql);
    if (!found[i].state)
        return;
    if (found[i].due)
        snprintf(due, sizeof due, "%d", found[i].due);
    if (found[i].resolved)
        snprintf(resolved, sizeof resolved, "%d", found[i].resolved);
    if (found[i].closed)
        snprintf(closed, sizeof closed, "%d", found[i].closed);
    if (found[i].held)
        snprintf(held, sizeof held, "%d", found[i].held);
    snprintf(sql, sizeof sql,
             "INSERT INTO core.case_now (case_id, kind, part, log_offset, state, due_ms, "
             "resolved_ms, closed_ms, held_ms, live) VALUES ('%s', 'request', 0, 1, '%s', %s, %s, "
             "%s, %s, true) ON CONFLICT DO NOTHING",
             found[i].of, found[i].state, due, resolved, closed, held);
    run(sql);
}

static void put_all(void)
{
    run("INSERT INTO core.station_seen VALUES ('heard', 'a', 400), ('heard', 'b', 501), ('silent', "
        "'a', 500)");
    for (size_t i = 0; i < ARRAY_LENGTH(found); i++)
        put_found(i);
}

/* They wait among other causes. */
static int open_all(void **state)
{
    (void)state;
    if (!open_lists())
        return 1;
    run("INSERT INTO core.case_now (case_id, kind, part, log_offset, state, desk_cause, opened_ms, "
        "live) SELECT 'request:test:' || n, 'request', 0, n, 'waiting', CASE n % 10 WHEN 5 THEN "
        "'fallback' END, 1767196800000 + n, true FROM generate_series(1::bigint, 100000) AS n");
    put_all();
    return 0;
}

static void what_is_stored_stops_no_writer(void **state)
{
    static const char *const odd[] = {
        "{\"evidence\":9e-99999}",
        "{\"count\":9e-99999,\"evidence\":[\"request:test:1\"]}",
        "{\"evidence\":[\"request:test:1\",9e-99999,null,{\"a\":9e-99999}]}",
        "{}",
        "7",
    };
    char sql[256];
    (void)state;
    run("RESET ROLE");
    for (size_t i = 0; i < ARRAY_LENGTH(odd); i++) {
        snprintf(sql, sizeof sql,
                 "INSERT INTO core.firing VALUES ('proactive:odd:%zu', '0', 1, 'odd', '%s')", i,
                 odd[i]);
        run(sql);
    }
    assert_int_equal(aggregator_store_number(&store, "SELECT count(*) FROM core.firing AS f WHERE "
                                                     "core.evidence(f.data) ? 'request:test:1'"),
                     2);
}

static void who_asks_what_a_case_is_evidence_of_reads_an_index(void **state)
{
    char plan[4096];
    (void)state;
    run("INSERT INTO core.firing SELECT 'proactive:many:' || n, '0', n, 'many', "
        "json_build_object('evidence', json_build_array('request:test:' || n)) FROM "
        "generate_series(1, 5000) AS n; ANALYZE core.firing; SET ROLE dash_all");
    aggregator_store_ask(&store,
                         "EXPLAIN (FORMAT JSON) SELECT FROM core.firing AS f WHERE "
                         "core.evidence(f.data) ? 'request:test:4000'",
                         plan, sizeof plan);
    run("RESET ROLE");
    if (!strstr(plan, "firing_evidence"))
        fail_msg("%s", plan);
}

/* In the queue and its counts, asked as the API does, without jit and without a look at a table. */
static void the_desk_is_asked_for_what_holds(void **state)
{
    static const char *const holds[][2] = {{"cause", "confirm"}, {"over", "no"}},
                             *const over[][2] = {{"cause", "confirm"}, {"over", "yes"}},
                             *const all[][2] = {{"cause", "confirm"}};
    char said[8192], others[8192], plan[16384], key[96];
    (void)state;
    run("INSERT INTO core.kafka_offset (topic, part, next_offset, epoch, owner, tick_ms) VALUES "
        "('t', 0, 0, 1, 'x', 1000)");
    run("VACUUM ANALYZE core.case_now");
    run("SET ROLE dash_all; SET jit = off");
    ask("", LIST_DESK, holds, 2, 1, said, sizeof said);
    ask("", LIST_DESK, over, 2, 1, others, sizeof others);
    for (size_t i = 0; i < ARRAY_LENGTH(found); i++) {
        snprintf(key, sizeof key, "%d.proactive:%s:%s\n", found[i].fired, found[i].trigger,
                 found[i].id);
        if (!strstr(said, key) != found[i].over || !strstr(others, key) == found[i].over)
            fail_msg("%s: %s and %s", found[i].id, said, others);
    }
    ask("", LIST_DESK, holds, 2, 4, said, sizeof said);
    assert_memory_equal(said, "7\n", 2);
    ask("", LIST_DESK, holds, 2, 3, said, sizeof said);
    assert_non_null(strstr(said, "\"confirm\" : 9"));
    assert_non_null(strstr(said, "\"fallback\" : 10000"));
    ask("", LIST_DESK, over, 2, 3, said, sizeof said);
    assert_memory_equal(said, "{ \"confirm\" : 7 }\n", 18);
    ask("", LIST_DESK, all, 1, 4, said, sizeof said);
    assert_memory_equal(said, "\n", 1);
    ask("EXPLAIN (COSTS OFF) ", LIST_DESK, holds, 2, 0, plan, sizeof plan);
    if (!strstr(plan, "Index Only Scan using case_now_finding on case_now n") ||
        !strstr(plan, "Index Only Scan using case_now_open on case_now o"))
        fail_msg("%s", plan);
    run("RESET ROLE");
}

/* Before the first tick nothing is over but where a station was heard: of all else nobody knows. */
static void before_the_first_tick_what_was_found_holds(void **state)
{
    static const char *const all[][2] = {{"trigger", "near_due,threat,repeat,silent,queue"},
                                         {"limit", "100"}};
    char said[32768];
    (void)state;
    run("INSERT INTO core.firing SELECT case_id, '0', opened_ms, split_part(case_id, ':', 2), '{}' "
        "FROM core.case_now WHERE kind = 'proactive'; INSERT INTO core.case_now (case_id, kind, "
        "part, log_offset, state, desk_cause, subject, live) VALUES ('proactive:near_due:z', "
        "'proactive', 0, 1, 'waiting', 'confirm', 'request:over:none', true); INSERT INTO "
        "core.firing VALUES ('proactive:near_due:z', '0', 1, 'near_due', '{}'), "
        "('proactive:near_due:away', '0', 1, 'near_due', '{}'); SET ROLE dash_all");
    ask("", LIST_FINDINGS, all, 2, 2, said, sizeof said);
    run("RESET ROLE");
    size_t rows = 0, holds = 0, over = 0;
    for (const char *at = said; (at = strstr(at, "\"over\":")); at++, rows++) {
        holds += strncmp(at, "\"over\":false", 12) == 0;
        over += strncmp(at, "\"over\":true", 11) == 0;
    }
    assert_int_equal(rows, ARRAY_LENGTH(found) + 2);
    assert_int_equal(over, 1);
    assert_int_equal(holds, rows - 1);
    run("DELETE FROM core.firing; DELETE FROM core.case_now WHERE case_id = "
        "'proactive:near_due:z'");
}

static bool is_by_day(const char *plan)
{
    for (const char *at = plan; (at = strstr(at, "Index Cond: ")); at++)
        if (memmem(at, strcspn(at, "\n"), "fired_ms >= ", 12))
            return true;
    return false;
}

/* Where nothing matches the walk ends with its days (docs/decisions/0388). */
static void who_asks_what_holds_walks_through_some_days_alone(void **state)
{
    static const char *const asked[][4][2] = {
        {{"over", "no"}},
        {{"over", "yes"}, {"from", "2026-01-01"}},
        {{"over", "no"}, {"to", "2026-06-01"}, {"trigger", "old,new"}},
        {{"over", "no"}, {"from", "2026-02-01"}, {"to", "2026-02-02"}},
    };
    static const size_t counts[] = {1, 2, 3, 3};
    /* The first day that is listed and the last, of the 400 behind 2025-12-31T16:00Z. */
    static const int first[] = {400 - 92, -1, 151 - 92, 31}, last[] = {399, -1, 150, 31};
    char said[262144], plan[16384], key[96];
    (void)state;
    run("UPDATE core.kafka_offset SET tick_ms = 1767196800000 + 400 * 86400000::bigint; INSERT "
        "INTO core.firing SELECT 'proactive:' || CASE WHEN n < 200 THEN 'old' ELSE 'new' END || "
        "':' || n, '0', 1767196800000 + n * 86400000, CASE WHEN n < 200 THEN 'old' ELSE 'new' END, "
        "'{}' FROM generate_series(0::bigint, 399) AS n; INSERT INTO core.case_now (case_id, kind, "
        "part, log_offset, state, opened_ms, live) SELECT case_id, 'proactive', 0, 1, 'waiting', "
        "fired_ms, true FROM core.firing; INSERT INTO core.firing SELECT 'proactive:past:' || n, "
        "'0', n, 'past', '{}' FROM generate_series(1, 50000) AS n; ANALYZE core.firing; ANALYZE "
        "core.case_now; SET ROLE dash_all");
    for (size_t i = 0; i < ARRAY_LENGTH(asked); i++) {
        ask("", LIST_FINDINGS, asked[i], counts[i], 0, said, sizeof said);
        for (int day = 0; day < 400; day++) {
            snprintf(key, sizeof key, ".proactive:%s:%d\n", day < 200 ? "old" : "new", day);
            if ((strstr(said, key) != NULL) != (day >= first[i] && day <= last[i]))
                fail_msg("%zu: %d: %s", i, day, said);
        }
        ask("EXPLAIN (COSTS OFF) ", LIST_FINDINGS, asked[i], counts[i], 0, plan, sizeof plan);
        if (strstr(plan, "Seq Scan on firing") || strstr(plan, "Seq Scan on case_now") ||
            !is_by_day(plan))
            fail_msg("%zu: %s", i, plan);
    }
    /* Counted are those of the same days, whichever of them are listed, and of more the newest. */
    static const char *const few[][2] = {
        {"over", "yes"}, {"from", "2026-02-01"}, {"to", "2026-02-03"}};
    static const char *const many[][2] = {{"trigger", "past"}};
    ask("", LIST_FINDINGS_COUNT, few, 3, 0, said, sizeof said);
    assert_string_equal(said, "{\"holds\" : 2, \"over\" : 0, \"more\" : false}\n");
    ask("", LIST_FINDINGS_COUNT, many, 1, 0, said, sizeof said);
    assert_string_equal(said, "{\"holds\" : 1000, \"over\" : 0, \"more\" : true}\n");
    /* Of a case, or of what it is evidence of, there is no day. */
    static const char *const one[][2] = {{"over", "no"}, {"case", "proactive:old:7"}};
    ask("", LIST_FINDINGS, one, 2, 0, said, sizeof said);
    run("RESET ROLE");
    assert_string_equal(said, "1767801600000.proactive:old:7\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_tick_what_was_found_holds),
        cmocka_unit_test(the_desk_is_asked_for_what_holds),
        cmocka_unit_test(who_asks_what_holds_walks_through_some_days_alone),
        cmocka_unit_test(what_is_stored_stops_no_writer),
        cmocka_unit_test(who_asks_what_a_case_is_evidence_of_reads_an_index),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
