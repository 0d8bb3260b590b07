/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered migrations: each file NNNN_name.sql of a folder is applied once, in order, and recorded
 * in core.migration with what it said. Every object of the database but the views' own tables is
 * made by one; a file that was applied anywhere is never changed, a change is a new number. */
#pragma once

#include <stdbool.h>

#include "postgres/connection.h"

/* Within the caller's transaction. `applied` (or NULL): how many were. ERROR_CONFIG where the
 * database is not what these files make: it is of a newer program, a file was changed or left out
 * after it was applied, two have one number.
 */
bool migration_apply(struct postgres_connection *connection, const char *folder, int *applied,
                     struct error *error);
