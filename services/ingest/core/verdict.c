/* SPDX-License-Identifier: Apache-2.0 */
/* One writer, so that every door names a fault by the same words and places. */
#include "ingest/core/verdict.h"

void verdict_write(struct strbuf *out, const struct verdict *verdict)
{
    const struct reject_place *why = verdict->why;
    strbuf_addf(out, "{\"row\":%lld,\"verdict\":", (long long)verdict->row);
    if (why->reject == REJECT_NONE) {
        strbuf_add(out, SPAN("\"accepted\"}"));
        return;
    }
    strbuf_add(out, SPAN("\"rejected\""));
    if (verdict->record.at) {
        strbuf_add(out, SPAN(",\"record\":"));
        strbuf_add_json(out, verdict->record);
    }
    strbuf_addf(out, ",\"reason\":\"%s\",\"pointer\":", reject_name(why->reject));
    strbuf_add_json(out, span_of(why->pointer));
    if (why->column > 0)
        strbuf_addf(out, ",\"column\":%ld", why->column);
    strbuf_addf(out, ",\"offset\":%lld,\"message_zh\":", (long long)verdict->offset);
    strbuf_add_json(out, span_of(reject_chinese(why->reject)));
    strbuf_add(out, SPAN(",\"message_en\":"));
    strbuf_add_json(out, span_of(reject_english(why->reject)));
    strbuf_add_char(out, '}');
}
