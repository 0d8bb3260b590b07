/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered migrations, the tables and api views of the configured views, the codes, and the hash of
 * all that shapes contributions. */
#pragma once

#include <stdbool.h>

#include "aggregator/core/batch.h"
#include "model/registry.h"
#include "postgres/connection.h"

struct schema_rules {
    const char *sql_dir;             /* NNNN_name.sql, roles.sql */
    const struct batch_rules *rules; /* borrowed */
    const struct registry *units;    /* borrowed, or NULL: for whom there are roles */
};

/* Under an advisory lock, in one transaction. ERROR_CONFIG where the stored cells were made by
 * other rules. */
bool schema_apply(struct postgres_connection *connection, const struct schema_rules *schema,
                  struct error *error);
/* What the cells depend on: fold version, contribution version, kinds, views, zone. */
void schema_contribution_hash(const struct batch_rules *rules, char hash[DIGEST_ID_LEN + 1]);
