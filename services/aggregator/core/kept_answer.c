/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/core/kept_answer.h"

#define FIRST_BYTES 1024

void kept_answer_init(struct kept_answer *kept, size_t most_bytes, int64_t for_ms,
                      int64_t usable_ms)
{
    *kept = (struct kept_answer){.for_ms = for_ms, .usable_ms = usable_ms};
    strbuf_init(&kept->text, FIRST_BYTES, most_bytes);
}

void kept_answer_fini(struct kept_answer *kept)
{
    strbuf_fini(&kept->text);
}

struct span kept_answer_take(struct kept_answer *kept, int64_t now_ms, int64_t *ticket)
{
    bool usable = kept->text.len > 0 && now_ms - kept->made_ms < kept->usable_ms;
    *ticket = 0;
    if (usable && now_ms - kept->asked_ms < kept->for_ms)
        return strbuf_span(&kept->text);
    kept->asked_ms = now_ms;
    *ticket = now_ms + 1;
    return SPAN_NONE;
}

void kept_answer_put(struct kept_answer *kept, int64_t ticket, struct span text)
{
    if (ticket == 0 || ticket <= kept->made_ms)
        return; /* or it is older than what another brought */
    strbuf_reset(&kept->text);
    strbuf_add(&kept->text, text);
    if (strbuf_is_full(&kept->text))
        strbuf_reset(&kept->text);
    kept->made_ms = ticket - 1;
}
