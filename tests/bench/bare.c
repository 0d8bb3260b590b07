/* SPDX-License-Identifier: Apache-2.0 */
/* What the database alone costs: statements recorded from the aggregator's own connection, or those
 * of a peer, sent over one plain connection, prepared once, in the transactions they stand in.
 *
 * usage: bare CONNINFO SCRIPT [pipelined] < gate
 *   SCRIPT     u8 kind ('B' begin, 'P' prepare, 'S' statement, 'C' commit). 'P' goes on with u32
 *              length and text of its name, likewise its SQL, u32 parameters; 'S' with the u32
 *              number of its 'P', u32 whether its values are binary, u32 parameters, each u32
 *              length and bytes, 0xffffffff for NULL; numbers little-endian
 *   pipelined  without waiting for each answer, as many small statements are sent
 * Prints the backend's pid, waits for a line on stdin, works, prints "done", waits again, ends: the
 * backend's CPU time is read while it waits. */
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"

enum { MOST_PARAMETERS = 64, MOST_STATEMENTS = 64, MOST_SENT = 1000 };

/* As the aggregator's session is. */
static const char session[] = "SET jit = off; SET enable_seqscan = off; SET plan_cache_mode = "
                              "force_generic_plan; SET ROLE agg_writer";

static PGconn *pg;
static char *names[MOST_STATEMENTS];
static size_t name_count;
static char *rooms[MOST_PARAMETERS]; /* of one statement's parameters, used again */
static size_t room_sizes[MOST_PARAMETERS];
static bool pipelined;
static size_t sent; /* and not yet answered */

static _Noreturn void leave(const char *what)
{
    fprintf(stderr, "bare: %s: %s\n", what, pg ? PQerrorMessage(pg) : "");
    exit(69);
}

static void finish(PGresult *result, const char *what)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        leave(what);
    PQclear(result);
}

static void drain(void)
{
    if (!pipelined)
        return;
    if (PQpipelineSync(pg) != 1)
        leave("sync");
    for (; sent > 0; sent--) {
        finish(PQgetResult(pg), "a statement");
        PQclear(PQgetResult(pg));
    }
    PGresult *sync = PQgetResult(pg);
    if (PQresultStatus(sync) != PGRES_PIPELINE_SYNC)
        leave("sync");
    PQclear(sync);
}

static void note_sent(int good)
{
    if (good != 1)
        leave("send");
    if (++sent == MOST_SENT)
        drain();
}

static void command(const char *sql)
{
    if (pipelined)
        note_sent(PQsendQueryParams(pg, sql, 0, NULL, NULL, NULL, NULL, 0));
    else
        finish(PQexec(pg, sql), sql);
}

static uint32_t read_number(FILE *file)
{
    uint32_t number;
    if (fread(&number, sizeof number, 1, file) != 1)
        leave("a cut script");
    return number;
}

static void read_bytes(FILE *file, char *text, uint32_t len)
{
    if (len > 0 && fread(text, 1, len, file) != len)
        leave("a cut script");
    text[len] = '\0';
}

static char *read_text(FILE *file)
{
    uint32_t len = read_number(file);
    char *text = xmalloc((size_t)len + 1);
    read_bytes(file, text, len);
    return text;
}

static const char *read_value(FILE *file, uint32_t at, int *length)
{
    uint32_t len = read_number(file);
    if (len == UINT32_MAX)
        return NULL;
    *length = (int)len;
    if ((size_t)len + 1 > room_sizes[at]) {
        room_sizes[at] = (size_t)len * 2 + 1;
        rooms[at] = xrealloc(rooms[at], room_sizes[at]);
    }
    read_bytes(file, rooms[at], len);
    return rooms[at];
}

static void prepare(FILE *file)
{
    if (name_count == MOST_STATEMENTS)
        leave("too many statements");
    char *name = names[name_count++] = read_text(file), *sql = read_text(file);
    int count = (int)read_number(file);
    if (pipelined)
        note_sent(PQsendPrepare(pg, name, sql, count, NULL));
    else
        finish(PQprepare(pg, name, sql, count, NULL), name);
    free(sql);
}

static void run_statement(FILE *file)
{
    const char *values[MOST_PARAMETERS];
    int lengths[MOST_PARAMETERS] = {0}, formats[MOST_PARAMETERS];
    uint32_t number = read_number(file), binary = read_number(file), count = read_number(file);
    if (number >= name_count || count > MOST_PARAMETERS)
        leave("a foreign script");
    for (uint32_t i = 0; i < count; i++) {
        values[i] = read_value(file, i, &lengths[i]);
        formats[i] = (int)binary;
    }
    if (pipelined)
        note_sent(PQsendQueryPrepared(pg, names[number], (int)count, values, lengths, formats, 0));
    else
        finish(PQexecPrepared(pg, names[number], (int)count, values, lengths, formats, 0),
               names[number]);
}

static void run_script(FILE *file)
{
    int kind;
    while ((kind = getc(file)) != EOF) {
        switch (kind) {
        case 'B': command("BEGIN"); break;
        case 'P': prepare(file); break;
        case 'S': run_statement(file); break;
        case 'C':
            command("COMMIT");
            drain();
            break;
        default: leave("a foreign script");
        }
    }
}

int main(int argc, char **argv)
{
    pipelined = argc == 4 && strcmp(argv[3], "pipelined") == 0;
    if (argc != 3 && !pipelined) {
        fprintf(stderr, "usage: bare CONNINFO SCRIPT [pipelined]\n");
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
    if (pipelined && PQenterPipelineMode(pg) != 1)
        leave("pipeline");
    run_script(file);
    puts("done");
    fflush(stdout);
    (void)getchar();
    PQfinish(pg);
    fclose(file);
    return 0;
}
