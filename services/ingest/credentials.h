/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the door. One function says it, whatever proves it. */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "config/diagnostics.h"
#include "ingest/core/mapping.h"
#include "ingest/core/principal.h"
#include "ingest/core/station_keys.h"
#include "model/registry.h"

struct credentials;
/* Stations' keys (core/station_keys.h), and tokens: CSV with the columns token,kind,name,party, '#'
 * lines are skipped. A file that is NULL or "" holds nobody. NULL on error. */
struct credentials *credentials_load(const char *keys_file, const char *tokens_file,
                                     struct diagnostics *diagnostics);
/* Feeds or units that a row is for and that are not there are added; a NULL of them is not asked.
 */
void credentials_check(const struct credentials *credentials, const struct feeds *feeds,
                       const struct registry *units, struct diagnostics *diagnostics);
void credentials_free(struct credentials *credentials);
const struct station_keys *credentials_keys(const struct credentials *credentials);
/* The value of an Authorization header ("Bearer ..."); NULL when it is nobody's. */
const struct principal *credentials_token(const struct credentials *credentials,
                                          struct span authorization);
bool credentials_is_empty(const struct credentials *credentials);
