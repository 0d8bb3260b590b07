/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the door. One function says it, whatever proves it. */
#pragma once

#include "base/span.h"
#include "config/diagnostics.h"
#include "ingest/core/principal.h"

struct credentials;
/* CSV with the columns token,kind,name,party; '#' lines are skipped. NULL on error. */
struct credentials *credentials_load(const char *file, struct diagnostics *diagnostics);
void credentials_free(struct credentials *credentials);
/* The value of an Authorization header ("Bearer ..."); NULL when it is nobody's. */
const struct principal *credentials_resolve(const struct credentials *credentials,
                                            struct span authorization);
