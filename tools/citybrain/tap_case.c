/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/tap_case.h"

#include <stdio.h>

#define PATH_BYTES 1024

static const char *in(char path[PATH_BYTES], const char *folder, const char *name)
{
    snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    return path;
}

bool tap_case_open(struct tap_case *tap_case, const char *config_dir,
                   struct diagnostics *diagnostics)
{
    char path[PATH_BYTES];
    *tap_case = (struct tap_case){0};
    tap_case->codes = codes_load(in(path, config_dir, "codes.csv"), diagnostics);
    if (tap_case->codes)
        tap_case->kinds = kinds_load(in(path, config_dir, "kinds"), tap_case->codes, diagnostics);
    if (tap_case->kinds)
        tap_case->feeds = feeds_load(in(path, config_dir, "feeds"), diagnostics);
    if (tap_case->feeds)
        normalise_init(&tap_case->normalise, tap_case->feeds, tap_case->kinds);
    return tap_case->feeds != NULL;
}

void tap_case_close(struct tap_case *tap_case)
{
    if (tap_case->feeds)
        normalise_fini(&tap_case->normalise);
    feeds_free(tap_case->feeds);
    kinds_free(tap_case->kinds);
    codes_free(tap_case->codes);
}

/* What was refused told of nothing, but may have said its number. */
static bool is_number_of(const struct normalise_result *result, struct span case_id)
{
    struct span name =
        span_of(result->mapping && result->mapping->namespace_ ? result->mapping->namespace_ : "");
    return name.len && result->number.len && case_id.len == name.len + 1 + result->number.len &&
           span_starts(case_id, name) && case_id.at[name.len] == ':' &&
           span_ends(case_id, result->number);
}

bool tap_case_is(struct tap_case *tap_case, const struct raw_header *header, struct span value,
                 struct span case_id)
{
    struct normalise_result *result = &tap_case->result;
    arena_reset(&tap_case->normalise.arena);
    normalise_item(&tap_case->normalise, header, value, result);
    bool is = is_number_of(result, case_id);
    for (size_t i = 0; i < result->count && !is; i++)
        is = span_equal(result->events[i].subject, case_id);
    return is;
}
