/* SPDX-License-Identifier: Apache-2.0 */
/* A transaction as a queue of parameterised statements in libpq's pipeline mode: one round trip a
 * flush. Use: begin, add …, flush (results arrive), add …, commit. A failed call has closed the
 * connection: the server rolls back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "postgres/connection.h"

/* Called within flush, in the order added. False stops: *error is the caller's, the transaction is
 * rolled back. */
typedef bool postgres_result_fn(void *context, const PGresult *result, struct error *error);

struct postgres_statement {
    const char *name; /* prepared under this name; NULL = not prepared */
    const char *sql;
    const char *const *values;    /* borrowed until the next flush, as all of these */
    const int *lengths, *formats; /* as libpq has them; NULL: all values are texts */
    int count;
    postgres_result_fn *result; /* or NULL */
    void *context;
};

struct postgres_transaction;
struct postgres_transaction *postgres_transaction_new(struct postgres_connection *connection);
void postgres_transaction_free(struct postgres_transaction *transaction);
void postgres_transaction_begin(
    struct postgres_transaction *transaction); /* forgets what was queued */
void postgres_transaction_add(struct postgres_transaction *transaction,
                              const struct postgres_statement *statement);
bool postgres_transaction_flush(struct postgres_transaction *transaction, struct error *error);
/* Queues COMMIT and flushes. On an error the outcome may be unknown: ask the database, never repeat
 * blindly. */
bool postgres_transaction_commit(struct postgres_transaction *transaction, struct error *error);
