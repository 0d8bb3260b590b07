/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/core/door_names.h"

#include <stdlib.h>

#include "base/memory.h"

static void check_keys(const struct token_names *known, const struct station_keys *keys,
                       struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < station_keys_count(keys); i++) {
        const struct station_key *key = station_keys_at(keys, i);
        if (key->principal.kind == PRINCIPAL_FEED)
            token_names_feeds(known, key->principal.names, key->names_place, diagnostics);
        else
            token_names_units(known, key->principal.names, key->names_place, diagnostics);
    }
}

void door_names_check(const struct door_names *names, struct diagnostics *diagnostics)
{
    const struct feed *feed;
    const char **feeds = NULL;
    size_t count = 0;
    while (names->feeds && (feed = feeds_at(names->feeds, count))) {
        feeds = xrealloc(feeds, (count + 1) * sizeof *feeds);
        feeds[count++] = feed->id;
    }
    const struct token_names known = {feeds, count, names->units};
    if (names->keys)
        check_keys(&known, names->keys, diagnostics);
    if (names->tokens)
        token_names_check(&known, names->tokens, diagnostics);
    free(feeds);
}
