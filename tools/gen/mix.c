/* SPDX-License-Identifier: Apache-2.0 */
/* A first-level type's weight is divided among those below it, falling by their place in the file:
 * of n the first has n parts, the last one. */
#include "gen/mix.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "gen/pool.h"

#define PARTS       100 /* of a weight, so that the least share is still something */
#define MOST_WEIGHT 10000

static struct span cell(const struct registry *registry, const struct registry_row *row,
                        const char *column)
{
    return registry_cell(registry, row, column);
}

static bool lies_below(const struct registry *registry, struct span type, struct span code)
{
    const struct registry_row *row = registry_find(registry, type, INT64_MIN);
    return row && span_equal(cell(registry, row, "parent_code"), code);
}

/* False where no type of the pool is, or lies below, that code. */
static bool share(int *weights, const struct registry *registry, const struct pool_type *types,
                  size_t count, struct span code, int64_t weight)
{
    int64_t below = 0, left;
    for (size_t i = 0; i < count; i++) {
        if (span_equal(types[i].code, code)) {
            weights[i] += (int)weight * PARTS;
            return true;
        }
        below += lies_below(registry, types[i].code, code);
    }
    left = below;
    for (size_t i = 0; i < count && left > 0; i++)
        if (lies_below(registry, types[i].code, code))
            weights[i] += (int)(weight * PARTS * 2 * left-- / (below * (below + 1)));
    return below > 0;
}

static void read_rows(struct mix *mix, const struct registry *rows, const struct registry *registry,
                      const struct pool_type *types, size_t count, struct diagnostics *diagnostics)
{
    static const char *const scenes[MIX_SCENES] = {"usual", "heating", "rain"};
    const struct registry_row *row;
    for (size_t i = 0; (row = registry_at(rows, i)); i++) {
        struct span code = cell(rows, row, "code"), named = cell(rows, row, "scene");
        struct span number = cell(rows, row, "weight");
        size_t scene = 0;
        int64_t weight;
        while (scene < MIX_SCENES && !span_is(named, scenes[scene]))
            scene++;
        if (scene == MIX_SCENES)
            diagnostics_add(diagnostics, registry_place(rows, row, named),
                            "write usual, heating or rain", "scene cannot be \"%.*s\"",
                            SPAN_ARG(named));
        else if (!span_to_int64(number, &weight) || weight < 1 || weight > MOST_WEIGHT)
            diagnostics_add(diagnostics, registry_place(rows, row, number),
                            "write a number of 1 to 10000", "weight cannot be \"%.*s\"",
                            SPAN_ARG(number));
        else if (!share(mix->weights[scene], registry, types, count, code, weight))
            diagnostics_add(diagnostics, registry_place(rows, row, code),
                            "use a code of registries/request_types.csv", "no type \"%.*s\"",
                            SPAN_ARG(code));
        else
            mix->has[scene] = true;
    }
}

void mix_load(struct mix *mix, const char *config_dir, const struct registry *registry,
              const struct pool_type *types, size_t count, struct diagnostics *diagnostics)
{
    char path[512];
    *mix = (struct mix){0};
    for (size_t scene = 0; scene < MIX_SCENES; scene++)
        mix->weights[scene] = xcalloc(count + 1, sizeof *mix->weights[scene]);
    snprintf(path, sizeof path, "%s/gen/mix.csv", config_dir);
    struct registry *rows = access(path, F_OK) == 0 ? registry_load(path, diagnostics) : NULL;
    if (rows)
        read_rows(mix, rows, registry, types, count, diagnostics);
    for (size_t i = 0; i < count && !mix->has[MIX_USUAL]; i++)
        mix->weights[MIX_USUAL][i] = 1;
    registry_free(rows);
}

void mix_fini(struct mix *mix)
{
    for (size_t scene = 0; scene < MIX_SCENES; scene++)
        free(mix->weights[scene]);
    *mix = (struct mix){0};
}
