/* SPDX-License-Identifier: Apache-2.0 */
/* Sends the whole queue, then one Sync, then reads one result a statement. libpq reads while it
 * waits to write (also in blocking mode), so a large answer cannot lock a large question out.
 * Any failure closes the connection, which is the one rollback that always works. */
#include "postgres/transaction.h"

#include <stdlib.h>

#include "base/memory.h"

struct postgres_transaction {
    struct postgres_connection *connection; /* borrowed */
    struct postgres_statement *queue;       /* owned */
    size_t count, capacity;
};

struct postgres_transaction *postgres_transaction_new(struct postgres_connection *connection)
{
    struct postgres_transaction *transaction = xcalloc(1, sizeof *transaction);
    transaction->connection = connection;
    return transaction;
}

void postgres_transaction_free(struct postgres_transaction *transaction)
{
    if (!transaction)
        return;
    free(transaction->queue);
    free(transaction);
}

void postgres_transaction_add(struct postgres_transaction *transaction,
                              const struct postgres_statement *statement)
{
    if (transaction->count == transaction->capacity) {
        transaction->capacity = transaction->capacity ? transaction->capacity * 2 : 32;
        transaction->queue =
            xrealloc(transaction->queue, transaction->capacity * sizeof *transaction->queue);
    }
    transaction->queue[transaction->count++] = *statement;
}

void postgres_transaction_begin(struct postgres_transaction *transaction)
{
    transaction->count = 0;
    postgres_transaction_add(transaction, &(struct postgres_statement){.sql = "BEGIN"});
}

/* *prepares: a result for Parse comes before the statement's own. */
static bool send(PGconn *pg, struct postgres_connection *connection,
                 const struct postgres_statement *statement, bool *prepares)
{
    *prepares = false;
    if (!statement->name)
        return PQsendQueryParams(pg, statement->sql, statement->count, NULL, statement->values,
                                 statement->lengths, statement->formats, 0) == 1;
    if (postgres_connection_prepare_once(connection, statement->name)) {
        *prepares = true;
        if (PQsendPrepare(pg, statement->name, statement->sql, statement->count, NULL) != 1)
            return false;
    }
    return PQsendQueryPrepared(pg, statement->name, statement->count, statement->values,
                               statement->lengths, statement->formats, 0) == 1;
}

/* One result and the NULL that ends it. */
static bool receive(struct postgres_transaction *transaction,
                    const struct postgres_statement *statement, bool shown, struct error *error)
{
    struct postgres_connection *connection = transaction->connection;
    PGconn *pg = postgres_connection_handle(connection);
    PGresult *result = PQgetResult(pg);
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!good) {
        postgres_connection_fail(connection, result, error);
    } else if (shown && statement->result &&
               !statement->result(statement->context, result, error)) {
        postgres_connection_close(connection);
        good = false;
    }
    PQclear(result);
    if (good)
        PQclear(PQgetResult(pg));
    return good;
}

bool postgres_transaction_flush(struct postgres_transaction *transaction, struct error *error)
{
    struct postgres_connection *connection = transaction->connection;
    PGconn *pg = postgres_connection_handle(connection);
    size_t count = transaction->count;
    bool *prepares = xcalloc(count + 1, sizeof *prepares);
    bool good = pg && PQenterPipelineMode(pg) == 1;
    for (size_t i = 0; i < count && good; i++)
        good = send(pg, connection, &transaction->queue[i], &prepares[i]);
    good = good && PQpipelineSync(pg) == 1;
    if (!good)
        postgres_connection_fail(connection, NULL, error);
    for (size_t i = 0; i < count && good; i++)
        good = (!prepares[i] || receive(transaction, &transaction->queue[i], false, error)) &&
               receive(transaction, &transaction->queue[i], true, error);
    if (good) {
        PGresult *sync = PQgetResult(pg);
        good = PQresultStatus(sync) == PGRES_PIPELINE_SYNC && PQexitPipelineMode(pg) == 1;
        if (!good)
            postgres_connection_fail(connection, sync, error);
        PQclear(sync);
    }
    free(prepares);
    transaction->count = 0;
    return good;
}

bool postgres_transaction_commit(struct postgres_transaction *transaction, struct error *error)
{
    postgres_transaction_add(transaction, &(struct postgres_statement){.sql = "COMMIT"});
    return postgres_transaction_flush(transaction, error);
}
