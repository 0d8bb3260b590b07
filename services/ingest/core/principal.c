/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/core/principal.h"

struct span principal_station(const struct principal *principal)
{
    return principal->station.len > 0 ? principal->station : principal->names;
}

bool principal_speaks_for(const struct principal *principal, enum principal_kind kind,
                          struct span name)
{
    struct span rest = principal->names;
    while (principal->kind == kind && name.len > 0 && rest.at)
        if (span_equal(span_cut(&rest, ';'), name))
            return true;
    return false;
}
