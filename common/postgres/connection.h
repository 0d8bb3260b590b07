/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of one worker: libpq in blocking mode, so everything here runs off the loop
 * (uv_queue_work), one call at a time. After any error the connection is closed; the next open
 * makes a fresh one. */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct postgres_connection;
/* `setup`: SQL run at each open (SET …), may be NULL. Texts are borrowed. */
struct postgres_connection *postgres_connection_new(const char *conninfo, const char *application,
                                                    const char *setup);
void postgres_connection_free(struct postgres_connection *connection); /* closes */
/* No-op when open. ERROR_RETRY while the server is away, starting or full; ERROR_CONFIG for a bad
 * conninfo. */
bool postgres_connection_open(struct postgres_connection *connection, struct error *error);
bool postgres_connection_is_open(const struct postgres_connection *connection);
void postgres_connection_close(struct postgres_connection *connection);
PGconn *postgres_connection_handle(const struct postgres_connection *connection);
/* One or more statements without parameters, in one implicit transaction. */
bool postgres_connection_run(struct postgres_connection *connection, const char *sql,
                             struct error *error);
/* Fills *error from a result (or the connection) and closes. Returns false. */
bool postgres_connection_fail(struct postgres_connection *connection, const PGresult *result,
                              struct error *error);
/* What to do about an error of connecting, for a name like --postgres to be put behind it; "" where
 * it is none of connecting: whoever was there and said why has said it. */
const char *postgres_connection_fix(const struct error *error);
/* True when this name was not prepared here before; it is from now on. */
bool postgres_connection_prepare_once(struct postgres_connection *connection, const char *name);
