/* SPDX-License-Identifier: Apache-2.0 */
/* What the database alone costs: statements recorded from the aggregator's own connection, sent
 * again over one plain connection, prepared once, in the same transactions.
 *
 * usage: bare CONNINFO SCRIPT < gate
 *   SCRIPT   u8 kind ('B' begin, 'S' statement, 'C' commit); a statement goes on with u32 length
 *            and text of its name, likewise its SQL, u32 parameters, each u32 length and bytes;
 *            numbers little-endian
 * Prints the backend's pid, waits for a line on stdin, works, prints "done", waits again, ends: the
 * backend's CPU time is read while it waits. */
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/span.h"

enum { MOST_PARAMETERS = 64, MOST_STATEMENTS = 64 };

/* As the aggregator's session is. */
static const char session[] =
    "SET jit = off; SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan";

static PGconn *pg;
static char *prepared[MOST_STATEMENTS];
static size_t prepared_count;

static _Noreturn void leave(const char *what)
{
    fprintf(stderr, "bare: %s: %s\n", what, pg ? PQerrorMessage(pg) : "");
    exit(69);
}

static void finish(PGresult *result, const char *what)
{
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        leave(what);
    PQclear(result);
}

static uint32_t read_number(FILE *file)
{
    uint32_t number;
    if (fread(&number, sizeof number, 1, file) != 1)
        leave("a cut script");
    return number;
}

static char *read_text(FILE *file)
{
    uint32_t len = read_number(file);
    char *text = xmalloc((size_t)len + 1);
    if (len > 0 && fread(text, 1, len, file) != len)
        leave("a cut script");
    text[len] = '\0';
    return text;
}

static void prepare_once(const char *name, const char *sql, int count)
{
    for (size_t i = 0; i < prepared_count; i++)
        if (strcmp(prepared[i], name) == 0)
            return;
    if (prepared_count == MOST_STATEMENTS)
        leave("too many statements");
    finish(PQprepare(pg, name, sql, count, NULL), name);
    prepared[prepared_count++] = xstrdup(name);
}

static void run_statement(FILE *file)
{
    char *values[MOST_PARAMETERS];
    char *name = read_text(file), *sql = read_text(file);
    uint32_t count = read_number(file);
    if (count > MOST_PARAMETERS)
        leave("too many parameters");
    for (uint32_t i = 0; i < count; i++)
        values[i] = read_text(file);
    prepare_once(name, sql, (int)count);
    finish(PQexecPrepared(pg, name, (int)count, (const char *const *)values, NULL, NULL, 0), name);
    for (uint32_t i = 0; i < count; i++)
        free(values[i]);
    free(name);
    free(sql);
}

static void run_script(FILE *file)
{
    int kind;
    while ((kind = getc(file)) != EOF) {
        if (kind == 'B')
            finish(PQexec(pg, "BEGIN"), "BEGIN");
        else if (kind == 'C')
            finish(PQexec(pg, "COMMIT"), "COMMIT");
        else if (kind == 'S')
            run_statement(file);
        else
            leave("a foreign script");
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bare CONNINFO SCRIPT\n");
        return 64;
    }
    FILE *file = fopen(argv[2], "rb");
    if (!file)
        leave(argv[2]);
    pg = PQconnectdb(argv[1]);
    if (PQstatus(pg) != CONNECTION_OK)
        leave("connect");
    finish(PQexec(pg, session), "session");
    printf("%d\n", PQbackendPID(pg));
    fflush(stdout);
    if (getchar() == EOF)
        return 0;
    run_script(file);
    puts("done");
    fflush(stdout);
    (void)getchar();
    PQfinish(pg);
    return 0;
}
