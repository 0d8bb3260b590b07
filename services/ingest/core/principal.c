/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/core/principal.h"

bool principal_speaks_for(const struct principal *principal, enum principal_kind kind,
                          struct span name)
{
    struct span rest = principal->names;
    while (principal->kind == kind && name.len > 0 && rest.at)
        if (span_equal(span_cut(&rest, ';'), name))
            return true;
    return false;
}
