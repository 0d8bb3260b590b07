/* SPDX-License-Identifier: Apache-2.0 */
/* SQL that stands in a file of aggregator.sql_dir. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "postgres/connection.h"

#define SQL_FILE_MAX_BYTES (4 << 20)

/* Adds the file's text. ERROR_CONFIG where it cannot be read. */
bool sql_file_read(struct strbuf *out, const char *folder, const char *name, struct error *error);
/* Runs it; an error names the file. */
bool sql_file_run(struct postgres_connection *connection, const char *folder, const char *name,
                  struct error *error);
