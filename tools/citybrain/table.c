/* SPDX-License-Identifier: Apache-2.0 */
/* The first row names the columns: every row of a view has the same. */
#include "citybrain/table.h"

void table_show(FILE *out, const struct json_value *rows)
{
    const struct json_value *first = rows->first;
    for (const struct json_value *cell = first ? first->first : NULL; cell; cell = cell->next)
        fprintf(out, "%.*s%s", SPAN_ARG(cell->key), cell->next ? "\t" : "\n");
    for (const struct json_value *row = first; row; row = row->next)
        for (const struct json_value *cell = row->first; cell; cell = cell->next)
            fprintf(out, "%.*s%s", SPAN_ARG(cell->type == JSON_NULL ? SPAN("-") : cell->text),
                    cell->next ? "\t" : "\n");
}
