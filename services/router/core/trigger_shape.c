/* SPDX-License-Identifier: Apache-2.0 */
/* What a trigger is known by where another bundle may read what was written: each thing it listens
 * to by a hash of what it says, wherever in the list it stands, and all of it by a hash of what its
 * windows are made of. How many facts are enough, how long a pause lasts, what is opened and said
 * changes no window, so it is of neither. */
#include <stdlib.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "router/core/trigger_internal.h"

#define MOST_BYTES ((size_t)64 << 10)

static void add_text(struct strbuf *out, struct span text)
{
    strbuf_addf(out, "%zu:", text.len);
    strbuf_add(out, text);
}

static void add_number(struct strbuf *out, int64_t number)
{
    strbuf_addf(out, "%lld,", (long long)number);
}

static uint64_t hash_of(const struct strbuf *text)
{
    char hex[17];
    digest_hex16(hex, strbuf_span(text));
    return strtoull(hex, NULL, 16);
}

static void add_predicate(struct strbuf *out, const struct predicate *predicate)
{
    add_text(out, predicate->field);
    add_number(out, (int64_t)predicate->form);
    add_number(out, predicate->words);
    add_number(out, predicate->from);
    add_number(out, predicate->to);
    for (size_t i = 0; i < predicate->value_count; i++)
        add_text(out, predicate->values[i]);
}

static uint32_t key_of(const struct trigger_step *step, struct strbuf *text)
{
    strbuf_reset(text);
    add_number(text, (int64_t)step->role);
    add_number(text, (int64_t)step->family);
    add_number(text, step->sighting);
    add_number(text, step->everywhere);
    add_text(text, step->kind);
    for (size_t i = 0; i < step->name_count; i++)
        add_text(text, step->names[i]);
    add_number(text, (int64_t)step->when.count);
    for (size_t i = 0; i < step->when.count; i++)
        add_predicate(text, &step->when.all[i]);
    return (uint32_t)(hash_of(text) >> 32);
}

void trigger_shape(struct trigger *trigger)
{
    struct strbuf text;
    strbuf_init(&text, 1024, MOST_BYTES);
    for (size_t i = 0; i < trigger->step_count; i++)
        trigger->steps[i].key = key_of(&trigger->steps[i], &text);
    strbuf_reset(&text);
    add_number(&text, (int64_t)trigger->form);
    for (size_t i = 0; i < trigger->group_count; i++)
        add_text(&text, trigger->group[i]);
    for (size_t i = 0; i < trigger->step_count; i++)
        add_number(&text, trigger->steps[i].key);
    add_text(&text, trigger->distinct);
    add_text(&text, trigger->value);
    add_number(&text, trigger->above);
    add_number(&text, trigger->below);
    add_number(&text, trigger->before_due);
    trigger->shape = hash_of(&text);
    strbuf_fini(&text);
}
