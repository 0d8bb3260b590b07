/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/mappings_log.h"

#include "base/strbuf.h"
#include "base/timestamp.h"
#include "daemon/log.h"

#define LIST_BYTES 1500 /* a line of the log is cut behind 2 KiB */
#define NAME_BYTES 200

static void write_list(struct strbuf *list, struct span bundle)
{
    log_info("ingest.mappings", LOG_SPAN("in_force", strbuf_span(list)),
             LOG_SPAN("bundle", bundle));
    strbuf_reset(list);
}

void mappings_log(const struct feeds *feeds, int64_t now_ms, struct span bundle)
{
    char text[LIST_BYTES];
    struct strbuf list = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    const struct feed *feed;
    for (size_t i = 0; (feed = feeds_at(feeds, i)); i++) {
        const struct mapping *mapping =
            feed_mapping_at(feed, now_ms == TIMESTAMP_NONE ? INT64_MAX : now_ms);
        if (list.len + NAME_BYTES > LIST_BYTES)
            write_list(&list, bundle);
        strbuf_addf(&list, list.len ? " %.*s" : "%.*s", NAME_BYTES - 8, feed->id);
        if (mapping)
            strbuf_addf(&list, "/%lld", (long long)mapping->version);
        else
            strbuf_add(&list, SPAN("/none"));
    }
    write_list(&list, bundle);
}
