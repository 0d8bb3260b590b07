/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations on a PostgreSQL of their own: each once, in order, with what it said; a database that
 * other files made is refused with the reason. And two writers that never wait for each other. */
#include <pthread.h>
#include <sysexits.h>
#include <time.h>

#include "aggregator/rebuild.h"
#include "aggregator/store/writer.h"

#include "schemas.h"

static bool apply(struct error *error)
{
    struct postgres_connection *connection =
        postgres_connection_new(here.postgres.conninfo, "test-schema", NULL);
    const struct schema_rules schema = {here.sql, &here.rules, NULL};
    bool good = schema_apply(connection, &schema, error);
    postgres_connection_free(connection);
    return good;
}

/* Refused with each of the words, and nothing was recorded. */
static void refused(const char *first, const char *second)
{
    struct error error = {0};
    char before[64], after[64];
    const char sql[] =
        "SELECT md5(string_agg(m::text, '' ORDER BY number)) FROM core.migration AS m";
    ask(sql, before, sizeof before);
    assert_false(apply(&error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    if (!strstr(error.text, first) || !strstr(error.text, second))
        fail_msg("said: %s", error.text);
    ask(sql, after, sizeof after);
    assert_string_equal(before, after);
}

static void each_is_applied_once_and_recorded(void **state)
{
    struct error error = {0};
    char first[64], second[64], count[16], files[16];
    const char sql[] =
        "SELECT md5(string_agg(m::text, '' ORDER BY number)) FROM core.migration AS m";
    (void)state;
    if (!apply(&error))
        fail_msg("%s", error.text);
    ask(sql, first, sizeof first);
    ask("SELECT count(*) FROM core.migration WHERE length(hash) = 22 AND name LIKE to_char(number, "
        "'FM0000') || '\\_%.sql' AND applied IS NOT NULL",
        count, sizeof count);
    FILE *list = popen("ls services/aggregator/sql/[0-9]*.sql | wc -l", "r"); /* NOLINT */
    assert_non_null(fgets(files, sizeof files, list));
    pclose(list);
    assert_int_equal(strtol(count, NULL, 10), strtol(files, NULL, 10));
    assert_true(apply(&error));
    ask(sql, second, sizeof second);
    assert_string_equal(first, second);
}

static void the_next_one_is_applied_alone(void **state)
{
    struct error error = {0};
    char answer[64];
    (void)state;
    assert_true(
        shell("echo 'CREATE TABLE core.ninety (n integer); INSERT INTO core.ninety VALUES (1)' "
              ">%s/9000_ninety.sql",
              here.sql));
    assert_true(apply(&error));
    assert_true(apply(&error));
    ask("SELECT string_agg(n::text, ',') || ' of ' || tableowner FROM core.ninety, pg_tables WHERE "
        "tablename = 'ninety' GROUP BY tableowner",
        answer, sizeof answer);
    assert_string_equal(answer, "1 of owner");
}

static void a_database_that_other_files_made_is_refused(void **state)
{
    struct error error = {0};
    (void)state;
    assert_true(shell("echo '-- more' >>%s/9000_ninety.sql", here.sql));
    refused("9000_ninety.sql was changed after it was applied", "docs/runbooks/schema-version.md");
    assert_true(shell("rm %s/9000_ninety.sql", here.sql));
    refused("of a newer program: migration 9000 9000_ninety.sql",
            "docs/runbooks/schema-version.md");
    assert_true(shell("echo 'SELECT 1' >%s/9001_more.sql", here.sql));
    refused("9000_ninety.sql was applied", "put the file back");
    assert_true(shell("cd %s; echo 'SELECT 1' >9000_other.sql; echo 'SELECT 1' >8999_late.sql; rm "
                      "9001_more.sql",
                      here.sql));
    refused("8999_late.sql was never applied", "docs/runbooks/schema-version.md");
    assert_true(shell("cd %s; rm 8999_late.sql; echo 'SELECT 2' >9000_second.sql", here.sql));
    refused("9000_other.sql and 9000_second.sql have one number", "next free one");
    assert_true(shell("rm %s/9000_*.sql", here.sql));
    assert_true(postgres_connection_run(
        here.reader, "DELETE FROM core.migration WHERE number = 9000; DROP TABLE core.ninety",
        &error));
    assert_true(apply(&error));
}

/* docs/runbooks/log-and-database.md: positions of a log that is lost are put back, the sets stay.
 * Their cells are not made anew as in an empty database (docs/decisions/0403). */
static void sets_without_positions_are_no_empty_database(void **state)
{
    struct error error = {0};
    char count[16];
    (void)state;
    assert_true(apply(&error));
    assert_true(postgres_connection_run(
        here.reader,
        "INSERT INTO core.kafka_offset (topic, part, next_offset, epoch, owner) VALUES ('reset', "
        "0, -1, "
        "1, 'x'); INSERT INTO core.case_set (case_id, kind, lines) VALUES ('request:reset:1', "
        "'request', 'x'); UPDATE core.view SET hash = 'older' WHERE name = 'inflow'; INSERT INTO "
        "core.cell_inflow SELECT * FROM jsonb_populate_record(NULL::core.cell_inflow, (SELECT "
        "jsonb_object_agg(attname, CASE atttypid::regtype::text WHEN 'bigint' THEN '7'::jsonb WHEN "
        "'date' THEN '\"2026-01-01\"' WHEN 'boolean' THEN 'false' WHEN 'smallint' THEN '0' ELSE "
        "'\"a\"' END) FROM pg_attribute WHERE attrelid = 'core.cell_inflow'::regclass AND attnum "
        "> 0 AND NOT attisdropped))",
        &error));
    refused("inflow", "views apply");
    ask("SELECT count(*) FROM core.cell_inflow", count, sizeof count);
    assert_string_equal(count, "1");
    assert_true(postgres_connection_run(
        here.reader, "TRUNCATE core.case_set; DELETE FROM core.kafka_offset", &error));
    assert_true(apply(&error));
    ask("SELECT count(*) FROM core.cell_inflow", count, sizeof count);
    assert_string_equal(count, "0");
}

/* One that breaks leaves nothing behind. */
static void a_migration_that_fails_is_not_half_there(void **state)
{
    struct error error = {0};
    char answer[16];
    (void)state;
    assert_true(shell("echo 'CREATE TABLE core.half (n integer); SELECT 1 / 0' >%s/9000_half.sql",
                      here.sql));
    assert_false(apply(&error));
    assert_non_null(strstr(error.text, "9000_half.sql"));
    ask("SELECT to_regclass('core.half') IS NULL AND NOT EXISTS (SELECT FROM core.migration WHERE "
        "number = 9000)",
        answer, sizeof answer);
    assert_string_equal(answer, "t");
    assert_true(shell("rm %s/9000_half.sql", here.sql));
}

static int rebuild(const char *word)
{
    char postgres[256], folder[64], last[16];
    char name[] = "rebuild", file[] = "--config", path[] = "config/aggregator.yaml",
         set[] = "--set";
    char *words[] = {name, file, path, set, postgres, set, folder, last, NULL};
    snprintf(postgres, sizeof postgres, "aggregator.postgres=%s", here.postgres.conninfo);
    snprintf(folder, sizeof folder, "aggregator.sql_dir=%s", here.sql);
    snprintf(last, sizeof last, "%s", word);
    return rebuild_run(ARRAY_LENGTH(words) - 1, words);
}

/* A rebuild that is not executed compares, and leaves the database as it is. */
static void a_rebuild_that_only_compares_migrates_nothing(void **state)
{
    char count[16], after[16];
    (void)state;
    assert_int_equal(rebuild("--json"), EX_OK);
    ask("SELECT count(*) FROM core.migration", count, sizeof count);
    assert_true(shell("echo 'CREATE TABLE core.later (n integer)' >%s/9000_later.sql", here.sql));
    assert_int_equal(rebuild("--json"), EX_UNAVAILABLE);
    assert_int_equal(rebuild("--drop"), EX_OK);
    ask("SELECT count(*) FROM core.migration WHERE to_regclass('core.later') IS NULL", after,
        sizeof after);
    assert_string_equal(count, after);
    assert_true(shell("rm %s/9000_later.sql", here.sql));
}

static void a_long_set_is_compressed_by_lz4(void **state)
{
    char answer[16];
    (void)state;
    ask("WITH made AS (INSERT INTO core.case_set SELECT 'request:long', 'request', string_agg(n || "
        "'|abcdef', E'\\n') FROM generate_series(1, 2000) AS n RETURNING 1) SELECT count(*) FROM "
        "made",
        answer, sizeof answer);
    ask("SELECT pg_column_compression(lines) FROM core.case_set WHERE case_id = 'request:long'",
        answer, sizeof answer);
    assert_string_equal(answer, "lz4");
    ask("WITH gone AS (DELETE FROM core.case_set RETURNING 1) SELECT count(*) FROM gone", answer,
        sizeof answer);
}

struct slow {
    struct writer *writer;
    struct writer_position position;
    struct batch *batch;
    enum writer_result result;
};

static void *commit_slowly(void *context)
{
    struct slow *slow = context;
    struct error error = {0};
    slow->result = writer_commit(slow->writer, slow->batch, &slow->position, 1, &error);
    return NULL;
}

static struct slow slow_of(int shard, int partition)
{
    struct error error = {0};
    struct slow slow = {
        .writer = writer_new(&(struct writer_options){.conninfo = here.postgres.conninfo,
                                                      .topic = "cb.events",
                                                      .owner = "test",
                                                      .shard = shard,
                                                      .schema = {here.sql, &here.rules, NULL}}),
        .position = {.partition = partition, .stored = -1},
        .batch = batch_new(&here.rules, 1 << 20)};
    assert_true(writer_take_over(slow.writer, &slow.position, 1, &error));
    slow.position.next = 1;
    slow.position.tick_ms = 60000;
    for (int n = 0; n < 50; n++) {
        char case_id[48], id[24];
        snprintf(case_id, sizeof case_id, "request:wait:%d-%d", partition, n);
        snprintf(id, sizeof id, "w%d-%d", partition, n);
        struct case_line line = {
            .id = span_of(id),
            .revision = SPAN("0.a.1.0000000000000001"),
            .stage = codes_number(here.rules.codes, CODE_STAGE, SPAN("opened")),
            .party = codes_number(here.rules.codes, CODE_PARTY, SPAN("source")),
            .time_ms = 1767225600000LL,
            .recorded_ms = 1767225600000LL,
            .live = true};
        assert_true(batch_add_counted(slow.batch, span_of(case_id), &line, SPAN("f")));
    }
    assert_true(batch_add_sighting(
        slow.batch, &(struct sighting){SPAN("st001"), SPAN("heartbeat"), 1767225600000LL}));
    return slow;
}

static void wait_for_a_waiter(void)
{
    char count[16] = "0";
    struct timespec pause = {0, 20000000};
    for (int tries = 0; strcmp(count, "1") != 0 && tries < 200; tries++) {
        nanosleep(&pause, NULL);
        ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'citybrain-aggregator' "
            "AND "
            "wait_event_type = 'Lock'",
            count, sizeof count);
    }
    assert_string_equal(count, "1");
}

/* The first is held at its last row, a station's: whatever it has written to is the second's too,
 * the same cells, the same hour of the ledger. */
static void two_writers_do_not_wait_for_each_other(void **state)
{
    pthread_t thread;
    char answer[16];
    struct error error = {0};
    struct slow first = slow_of(1, 0), second = slow_of(2, 1);
    struct postgres_connection *holder =
        postgres_connection_new(here.postgres.conninfo, "test-holder", NULL);
    (void)state;
    assert_true(postgres_connection_open(holder, &error));
    assert_true(postgres_connection_run(
        holder,
        "BEGIN; SET LOCAL citybrain.shard = '1'; INSERT INTO core.station_seen (station, via, "
        "seen_ms) VALUES ('st001', 'heartbeat', 5)",
        &error));
    pthread_create(&thread, NULL, commit_slowly, &first);
    wait_for_a_waiter();
    commit_slowly(&second); /* or fails after lock_timeout */
    assert_int_equal(second.result, WRITER_DONE);
    assert_true(postgres_connection_run(holder, "COMMIT", &error));
    pthread_join(thread, NULL);
    assert_int_equal(first.result, WRITER_DONE);
    ask("SELECT sum(opened) FROM api.closure_rate", answer, sizeof answer);
    assert_string_equal(answer, "100");
    ask("SELECT distinct_events FROM api.ledger", answer, sizeof answer);
    assert_string_equal(answer, "100");
    ask("SELECT count(*) FROM api.station_seen", answer, sizeof answer);
    assert_string_equal(answer, "1");
    batch_free(first.batch);
    batch_free(second.batch);
    writer_free(first.writer);
    writer_free(second.writer);
    postgres_connection_free(holder);
}

/* One observation in a transaction of its own; it is day 2026-01-01 + n in the district. */
static void observe(struct slow *slow, const char *id, int n, const char *revision,
                    const char *level, bool replayed)
{
    char text[640];
    struct arena arena;
    struct event event;
    struct error error = {0};
    struct json_reader *reader = json_reader_new();
    arena_init(&arena, 1 << 16);
    batch_clear(slow->batch);
    snprintf(text, sizeof text,
             "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/feeds/weather\",\"type\":"
             "\"cn.citybrain.observation.weather.v1\",\"subject\":\"weather:110105\",\"time\":"
             "\"2026-01-%02dT00:00:00Z\",\"recordedtime\":\"2026-02-01T00:00:00Z\",\"feed\":"
             "\"weather\",\"unit\":\"d_urban\",%s\"revision\":\"%s\",\"data\":{\"level\":\"%s\"}}",
             id, n, replayed ? "\"replayof\":\"x\"," : "", revision, level);
    assert_int_equal(event_read(reader, span_of(text), &arena, &event), REJECT_NONE);
    assert_true(observation_rows_is_one(&event));
    assert_true(batch_add_observation(slow->batch, &event));
    assert_true(batch_add_observation(slow->batch, &event)); /* told twice in one batch */
    slow->position.next = slow->position.stored + 1 + (slow->position.stored < 0);
    if (writer_commit(slow->writer, slow->batch, &slow->position, 1, &error) != WRITER_DONE)
        fail_msg("%s", error.text);
    slow->position.stored = slow->position.next;
    json_reader_free(reader);
    arena_fini(&arena);
}

/* In whatever order: the greater revision's content, in its day's partition, once. */
static void an_observation_is_a_set_of_one(void **state)
{
    char answer[256];
    struct slow slow = slow_of(1, 2);
    (void)state;
    observe(&slow, "o1", 5, "2", "red", true);
    observe(&slow, "o1", 5, "1", "blue", false);
    observe(&slow, "o1", 5, "3", "green", true);
    observe(&slow, "o2", 6, "1", "2.50", false);
    ask("SELECT string_agg(concat_ws(' ', id, day, kind, unit, live, data, tableoid::regclass), '; "
        "' "
        "ORDER BY id) FROM core.observation",
        answer, sizeof answer);
    assert_string_equal(answer, "o1 2026-01-05 weather d_urban t {\"level\":\"green\"} "
                                "core.observation_20260105; o2 2026-01-06 weather d_urban t "
                                "{\"level\":\"2.50\"} core.observation_20260106");
    ask("SELECT count(*) FROM api.observation WHERE unit = 'd_urban' AND feed = 'weather'", answer,
        sizeof answer);
    assert_string_equal(answer, "2");
    batch_free(slow.batch);
    writer_free(slow.writer);
}

/* 2026-01-06 is 30 days before the newest tick: it stays, the day before goes whole. */
static void old_days_go_by_the_clock(void **state)
{
    char answer[64];
    (void)state;
    ask("UPDATE core.kafka_offset SET tick_ms = 0 RETURNING 1", answer, sizeof answer);
    ask("SELECT core.forget_observations(30)", answer, sizeof answer);
    assert_string_equal(answer, "0"); /* no tick yet: nobody knows what is old */
    ask("UPDATE core.kafka_offset SET tick_ms = 1770249600000 WHERE part = 2 RETURNING 1", answer,
        sizeof answer);
    ask("SELECT core.forget_observations(30)", answer, sizeof answer);
    assert_string_equal(answer, "1");
    ask("SELECT string_agg(id, ',') FROM core.observation", answer, sizeof answer);
    assert_string_equal(answer, "o2");
    struct slow slow = slow_of(1, 3);
    observe(&slow, "o3", 5, "1", "late", false); /* a day that went comes again */
    ask("SELECT string_agg(id, ',' ORDER BY id) FROM core.observation", answer, sizeof answer);
    assert_string_equal(answer, "o2,o3");
    batch_free(slow.batch);
    writer_free(slow.writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_applied_once_and_recorded),
        cmocka_unit_test(the_next_one_is_applied_alone),
        cmocka_unit_test(a_database_that_other_files_made_is_refused),
        cmocka_unit_test(sets_without_positions_are_no_empty_database),
        cmocka_unit_test(a_migration_that_fails_is_not_half_there),
        cmocka_unit_test(a_rebuild_that_only_compares_migrates_nothing),
        cmocka_unit_test(a_long_set_is_compressed_by_lz4),
        cmocka_unit_test(two_writers_do_not_wait_for_each_other),
        cmocka_unit_test(an_observation_is_a_set_of_one),
        cmocka_unit_test(old_days_go_by_the_clock),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
