/* SPDX-License-Identifier: Apache-2.0 */
#include "model/unit_names.h"

#include <string.h>

#define MOST_BYTES 58 /* a role's name has 63, "dash_" among them */

static const char *fault_of(struct span code)
{
    if (span_is(code, "all"))
        return "the role dash_all is of those who read everything";
    if (code.len > MOST_BYTES)
        return "a role of PostgreSQL has a shorter name";
    return memchr(code.at, ',', code.len) ? "a comma stands between codes" : NULL;
}

void unit_names_check(const struct registry *units, struct diagnostics *diagnostics)
{
    const struct registry_row *row;
    for (size_t i = 0; (row = registry_at(units, i)); i++) {
        struct span code = registry_cell(units, row, "code");
        const char *fault = code.len ? fault_of(code) : NULL;
        if (fault)
            diagnostics_add(diagnostics, registry_place(units, row, code),
                            "give the unit another code, of at most 58 bytes, as d_urban",
                            "no unit can be called \"%.*s\": %s", SPAN_ARG(code), fault);
    }
}
