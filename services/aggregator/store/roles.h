/* SPDX-License-Identifier: Apache-2.0 */
/* The roles of sql/roles.sql: who may write, and who sees the rows of which unit. */
#pragma once

#include <stdbool.h>

#include "model/registry.h"
#include "postgres/connection.h"

/* Within the caller's transaction: makes those that are missing, dash_<unit> for each of `units`
 * (may be NULL), and acts as `owner` until its end. A login that may not do so goes on as itself:
 * that is enough where nothing is to be made. */
bool roles_apply(struct postgres_connection *connection, const char *sql_dir,
                 const struct registry *units, struct error *error);
