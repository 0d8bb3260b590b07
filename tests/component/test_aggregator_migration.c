/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations in a database that has been used: what programs of before wrote is there afterwards,
 * in the form of today. */
#include <sys/wait.h>
#include <unistd.h>

#include "aggregator/store/migration.h"
#include "aggregator/store/roles.h"

#include "schemas.h"

/* Migrations alone, as schema_apply runs them. */
static void migrate(void)
{
    struct error error = {0};
    struct postgres_connection *connection =
        postgres_connection_new(here.postgres.conninfo, "test-migrate", NULL);
    if (!postgres_connection_open(connection, &error) ||
        !postgres_connection_run(connection, "BEGIN; SET LOCAL client_min_messages = warning",
                                 &error) ||
        !roles_apply(connection, here.sql, NULL, &error) ||
        !migration_apply(connection, here.sql, NULL, &error) ||
        !postgres_connection_run(connection, "COMMIT", &error))
        fail_msg("%s", error.text);
    postgres_connection_free(connection);
}

/* A view as programs before 0017 made it: its bins are rows of a table. */
static const char older[] =
    "SET ROLE owner; CREATE TABLE core.cell_older (bucket text COLLATE \"C\" NOT NULL, day date "
    "NOT NULL, unit text COLLATE \"C\" NOT NULL, is_excluded boolean NOT NULL, whole_n bigint NOT "
    "NULL, whole_ms bigint NOT NULL, shard smallint NOT NULL DEFAULT core.shard(), PRIMARY KEY "
    "(bucket, day, unit, is_excluded, shard)); CREATE TABLE core.hist_older (bucket text COLLATE "
    "\"C\" NOT NULL, day date NOT NULL, unit text COLLATE \"C\" NOT NULL, is_excluded boolean NOT "
    "NULL, measure smallint NOT NULL, bin smallint NOT NULL, n bigint NOT NULL, shard smallint "
    "NOT NULL DEFAULT core.shard(), PRIMARY KEY (bucket, day, unit, is_excluded, measure, bin, "
    "shard)); SELECT core.guard('core.cell_older', 'unit'), core.guard('core.hist_older', "
    "'unit'); CREATE VIEW api.older AS SELECT unit, bin FROM core.hist_older; INSERT INTO "
    "core.view (name, hash, sql) VALUES ('older', 'h', 's'); SET ROLE agg_writer; INSERT INTO "
    "core.cell_older VALUES ('day', '2026-01-01', 'u', false, 3, 700, 1), ('day', '2026-01-01', "
    "'w', false, 0, 0, 1); INSERT INTO core.hist_older VALUES ('day', '2026-01-01', 'u', false, "
    "0, 30, 4, 1), ('day', '2026-01-01', 'u', false, 2, 30, -1, 1), ('day', '2026-01-01', 'u', "
    "false, 0, 31, 0, 1), ('day', '2026-01-01', 'v', false, 0, 600, 1, 2); SET ROLE owner; CREATE "
    "TABLE core.cell_stock (LIKE core.cell_older INCLUDING ALL); SELECT "
    "core.guard('core.cell_stock', 'unit'); INSERT INTO core.view (name, hash, sql, is_stock) "
    "VALUES ('stock', 'h', 's', true); RESET ROLE";

/* A finding, as programs before 0026 wrote it; of a log that began anew since. */
static const char found[] =
    "SET ROLE agg_writer; INSERT INTO core.case_now (case_id, kind, part, log_offset, state, live) "
    "VALUES ('proactive:a', 'proactive', 0, 1000, 'open', true); INSERT INTO core.kafka_offset "
    "(topic, part, next_offset, epoch, owner) VALUES ('t.events', 0, 5, 1, 'x'), ('t.events', 1, "
    "7, 1, 'x'); INSERT INTO core.firing VALUES "
    "('proactive:a', '1', 1, 'near_due', '{\"group\": {\"case\": \"request:12345:b\"}}'); RESET "
    "ROLE";

/* In a database that has been used (docs/decisions/0210): no bin is lost, what guards rows guards
 * them, a cell's key begins with its day, and a stock has a stand (0250). */
static void bins_that_were_rows_move_into_their_cells(void **state)
{
    struct error error = {0};
    char answer[200];
    (void)state;
    assert_true(shell("cd %s && mkdir later && mv 001[789]_*.sql 00[2-9]?_*.sql later", here.sql));
    migrate();
    if (!postgres_connection_run(here.reader, older, &error) ||
        !postgres_connection_run(here.reader, found, &error))
        fail_msg("%s", error.text);
    assert_true(shell("mv %s/later/* %s && rmdir %s/later", here.sql, here.sql, here.sql));
    migrate();
    assert_true(postgres_connection_run(here.reader, "SET ROLE agg_writer", &error));
    ask("SELECT string_agg(format('%s/%s/%s/%s/%s', unit, shard, measure, bin, n), ' ' ORDER BY "
        "unit, measure) FROM core.hist_older",
        answer, sizeof answer);
    assert_string_equal(answer, "u/1/0/30/4 u/1/2/30/-1 v/2/0/600/1");
    ask("SELECT string_agg(format('%s/%s/%s', unit, whole_n, whole_ms), ' ' ORDER BY unit) FROM "
        "core.cell_older",
        answer, sizeof answer);
    assert_string_equal(answer, "u/3/700 v/0/0 w/0/0");
    ask("SELECT string_agg(subject, ' ') || (SELECT string_agg('/' || relforcerowsecurity, '') "
        "FROM pg_class WHERE oid IN ('core.case_now'::regclass, 'core.firing'::regclass)) FROM "
        "core.case_now",
        answer, sizeof answer);
    assert_string_equal(answer, "request:12345:b/true/true");
    ask("SELECT string_agg(base::text, ' ' ORDER BY part) FROM core.kafka_offset", answer,
        sizeof answer);
    assert_string_equal(answer, "996 0"); /* docs/decisions/0403 */
    ask("SELECT sql || '/' || (to_regclass('api.older') IS NULL) || '/' || (SELECT "
        "relforcerowsecurity FROM pg_class WHERE oid = 'core.cell_older'::regclass) FROM core.view "
        "WHERE name = 'older'",
        answer, sizeof answer);
    assert_string_equal(answer, "/true/true");
    ask("SELECT string_agg(a.attname, ' ' ORDER BY k.place) FROM pg_index AS i CROSS JOIN LATERAL "
        "unnest(i.indkey) WITH ORDINALITY AS k(number, place) JOIN pg_attribute AS a ON a.attrelid "
        "= i.indrelid AND a.attnum = k.number WHERE i.indrelid = 'core.cell_older'::regclass",
        answer, sizeof answer);
    assert_string_equal(answer, "day bucket unit is_excluded shard");
    ask("SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM "
        "information_schema.columns WHERE table_name = 'stand_stock'",
        answer, sizeof answer);
    assert_string_equal(answer, "day unit is_excluded whole_n whole_ms");
}

/* An upgrade comes while another aggregator writes, places first, then sets, then the rows beside
 * them; what it changes begins with the rows. It waits at its begin, and not with what the writer
 * needs next. */
static void an_upgrade_waits_for_a_writer_and_never_the_other_way(void **state)
{
    struct error error = {0};
    char answer[200] = "";
    (void)state;
    assert_true(shell("cd %s && n=$(ls 0*.sql | tail -1 | cut -c1-4) && echo 'LOCK TABLE "
                      "core.case_now; LOCK TABLE core.case_set; LOCK TABLE core.kafka_offset;' "
                      ">$(printf %%04d $(expr $n + 1))_"
                      "rows_first.sql",
                      here.sql));
    if (!postgres_connection_run(here.reader,
                                 "SET ROLE agg_writer; BEGIN; UPDATE core.kafka_offset SET owner = "
                                 "owner",
                                 &error))
        fail_msg("%s", error.text);
    pid_t upgrade = fork();
    if (upgrade == 0) {
        migrate();
        _exit(0);
    }
    for (int i = 0; i < 400 && strcmp(answer, "t") != 0; i++) {
        usleep(25000);
        ask("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)", answer, sizeof answer);
    }
    assert_string_equal(answer, "t");
    if (!postgres_connection_run(here.reader,
                                 "INSERT INTO core.case_set (case_id, kind, lines, unit) VALUES "
                                 "('request:t:1', 'request', 'x', ''); UPDATE core.case_now SET "
                                 "due_ms = 1; COMMIT; RESET ROLE",
                                 &error))
        fail_msg("%s", error.text);
    int status = 1;
    assert_int_equal(waitpid(upgrade, &status, 0), upgrade);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_that_were_rows_move_into_their_cells),
        cmocka_unit_test(an_upgrade_waits_for_a_writer_and_never_the_other_way),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
