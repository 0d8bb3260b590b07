/* SPDX-License-Identifier: Apache-2.0 */
/* One writer, so that every door names a fault by the same words and places. */
#include "ingest/core/verdict.h"

static void add_sentence(struct strbuf *out, struct span member, enum language language,
                         const struct verdict *verdict)
{
    char sentence[REJECT_SENTENCE];
    strbuf_add(out, member);
    strbuf_add_json(out, reject_say(sentence, language, verdict->row, verdict->why));
}

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
    strbuf_addf(out, ",\"offset\":%lld", (long long)verdict->offset);
    if (verdict->language != LANGUAGE_ENGLISH)
        add_sentence(out, SPAN(",\"message_zh\":"), LANGUAGE_CHINESE, verdict);
    if (verdict->language != LANGUAGE_CHINESE)
        add_sentence(out, SPAN(",\"message_en\":"), LANGUAGE_ENGLISH, verdict);
    strbuf_add_char(out, '}');
}
