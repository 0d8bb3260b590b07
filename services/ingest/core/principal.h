/* SPDX-License-Identifier: Apache-2.0 */
/* Who a credential says is there, and for whom he may speak. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

enum principal_kind { PRINCIPAL_FEED, PRINCIPAL_UNIT };

struct principal {
    enum principal_kind kind;
    struct span names;   /* feeds "a;b", or one unit */
    struct span party;   /* source, lead, desk, callback ... */
    struct span station; /* whose credential it is; quotas hang on it */
};

/* Its station; the names where a token has none. */
struct span principal_station(const struct principal *principal);
bool principal_speaks_for(const struct principal *principal, enum principal_kind kind,
                          struct span name);
