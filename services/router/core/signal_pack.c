/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and values of facts have no line feed of their own (bar_text.h), so they are lines. */
#include "router/core/signal_pack.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "router/core/emit.h"
#include "router/core/signal.h"

#define HEAD "2|p"

enum {
    FIRST_BYTES = 1024,
    MOST_BYTES = 16 << 10, /* some hundred facts; one that is larger is written alone */
};

static const struct span pack_key = {"_facts", sizeof "_facts" - 1};

/* ---- writing ---- */

static void add(void *carrier, const struct output *output);

void signal_packs_init(struct signal_packs *packs)
{
    *packs = (struct signal_packs){.outputs = {add, packs}};
}

void signal_packs_fini(struct signal_packs *packs)
{
    for (int32_t i = 0; i < packs->partitions; i++)
        strbuf_fini(&packs->all[i].text);
    free(packs->all);
    packs->all = NULL;
    packs->partitions = 0;
}

void signal_packs_arrange(struct signal_packs *packs, int32_t partitions)
{
    if (packs->partitions == partitions)
        return;
    signal_packs_fini(packs);
    packs->all = xcalloc((size_t)partitions, sizeof *packs->all);
    packs->partitions = partitions;
    for (int32_t i = 0; i < partitions; i++)
        strbuf_init(&packs->all[i].text, FIRST_BYTES, MOST_BYTES);
}

static void empty(struct signal_pack *pack)
{
    strbuf_reset(&pack->text);
    pack->count = 0;
}

void signal_packs_drop(struct signal_packs *packs)
{
    for (int32_t i = 0; i < packs->partitions; i++)
        empty(&packs->all[i]);
}

static void write_pack(const struct signal_packs *packs, int32_t partition, struct outputs *to)
{
    struct signal_pack *pack = &packs->all[partition];
    struct output output = {.stream = STREAM_SIGNALS,
                            .partition = partition,
                            .key = pack_key,
                            .value = strbuf_span(&pack->text)};
    struct span facts = signal_pack_open(output.value);
    if (pack->count == 0)
        return;
    if (pack->count == 1)
        signal_pack_next(&facts, &output.key, &output.value);
    outputs_add(to, &output);
    empty(pack);
}

void signal_packs_write(struct signal_packs *packs, struct outputs *to)
{
    for (int32_t i = 0; i < packs->partitions; i++)
        write_pack(packs, i, to);
}

static bool fits(const struct signal_pack *pack, const struct output *fact)
{
    return pack->text.len + sizeof HEAD + fact->key.len + fact->value.len + 2 <= MOST_BYTES;
}

static void add_fact(struct signal_pack *pack, const struct output *fact)
{
    if (pack->count++ == 0)
        strbuf_add(&pack->text, SPAN(HEAD));
    strbuf_add_char(&pack->text, '\n');
    strbuf_add(&pack->text, fact->key);
    strbuf_add_char(&pack->text, '\n');
    strbuf_add(&pack->text, fact->value);
}

static void add(void *carrier, const struct output *output)
{
    struct signal_packs *packs = carrier;
    if (output->stream != STREAM_SIGNALS || packs->partitions == 0) {
        outputs_add(packs->to, output);
        return;
    }
    bool by_key = output->partition == OUTPUT_BY_KEY;
    int32_t partition =
        by_key ? murmur2_partition(output->key, packs->partitions) : output->partition;
    struct signal_pack *pack = &packs->all[partition];
    bool is_fact = !span_equal(output->key, signal_watermark_key);
    if (!is_fact || !fits(pack, output))
        write_pack(packs, partition, packs->to);
    if (is_fact && fits(pack, output))
        add_fact(pack, output);
    else
        outputs_add(packs->to, output);
}

struct outputs *signal_packs_before(struct signal_packs *packs, struct outputs *to)
{
    packs->to = to;
    return &packs->outputs;
}

/* ---- reading ---- */

bool signal_pack_is(const struct record *record)
{
    return span_equal(record->key, pack_key);
}

struct span signal_pack_open(struct span value)
{
    struct span rest = value;
    return rest.at && span_equal(span_cut(&rest, '\n'), SPAN(HEAD)) ? rest : SPAN_NONE;
}

bool signal_pack_next(struct span *rest, struct span *key, struct span *value)
{
    if (!rest->at)
        return false;
    *key = span_cut(rest, '\n');
    *value = rest->at ? span_cut(rest, '\n') : SPAN("");
    return true;
}
