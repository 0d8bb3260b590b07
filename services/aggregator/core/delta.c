/* SPDX-License-Identifier: Apache-2.0 */
/* An open-addressing table over an array of rows, which stay where they are; what is sorted at the
 * end are their numbers. Rows that came to zero are dropped then, so a batch of repeats writes
 * nothing at all. Keys lie in blocks that are used again: no row has memory of its own. */
#include "aggregator/core/delta.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/strbuf.h"

#define KEY_NUMBERS 6 /* in front of the groups */

#define BLOCK_BYTES (64 << 10)

struct block {
    struct block *next;
    size_t used, capacity;
    char bytes[];
};

struct entry {
    struct delta_row row;
    uint64_t hash;
    const char *text; /* in a block: key bytes; the row's groups point into it */
    size_t text_len;
};

struct delta {
    struct entry *entries; /* owned */
    size_t *order;         /* owned, as many: of the entries, once finished */
    size_t count, kept, capacity;
    bool finished;
    size_t *slots; /* owned: 1 + index, 0 = free */
    size_t slot_count;
    struct strbuf key;
    struct block *blocks, *block; /* owned; the one that is filled */
};

static struct block *block_new(size_t capacity)
{
    struct block *block = xmalloc(sizeof *block + capacity);
    *block = (struct block){.capacity = capacity};
    return block;
}

struct delta *delta_new(void)
{
    struct delta *delta = xcalloc(1, sizeof *delta);
    delta->slot_count = 1024;
    delta->slots = xcalloc(delta->slot_count, sizeof *delta->slots);
    strbuf_init(&delta->key, 256, 1 << 20);
    delta->blocks = delta->block = block_new(BLOCK_BYTES);
    return delta;
}

void delta_clear(struct delta *delta)
{
    for (struct block *block = delta->blocks; block; block = block->next)
        block->used = 0;
    delta->block = delta->blocks;
    delta->count = delta->kept = 0;
    delta->finished = false;
    memset(delta->slots, 0, delta->slot_count * sizeof *delta->slots);
}

void delta_free(struct delta *delta)
{
    if (!delta)
        return;
    for (struct block *block = delta->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    strbuf_fini(&delta->key);
    free(delta->entries);
    free(delta->order);
    free(delta->slots);
    free(delta);
}

/* A copy that stays where it is. */
static char *keep(struct delta *delta, struct span text)
{
    while (delta->block->used + text.len > delta->block->capacity) {
        if (!delta->block->next)
            delta->block->next = block_new(text.len > BLOCK_BYTES ? text.len : BLOCK_BYTES);
        delta->block = delta->block->next;
    }
    char *copy = delta->block->bytes + delta->block->used;
    memcpy(copy, text.at, text.len);
    delta->block->used += text.len;
    return copy;
}

static size_t *find_slot(const struct delta *delta, struct span key, uint64_t hash)
{
    size_t at = (size_t)hash & (delta->slot_count - 1);
    for (;; at = (at + 1) & (delta->slot_count - 1)) {
        size_t index = delta->slots[at];
        if (index == 0)
            return &delta->slots[at];
        const struct entry *entry = &delta->entries[index - 1];
        if (entry->hash == hash && span_equal(span_from(entry->text, entry->text_len), key))
            return &delta->slots[at];
    }
}

static void grow(struct delta *delta)
{
    if (delta->count == delta->capacity) {
        delta->capacity = delta->capacity ? delta->capacity * 2 : 256;
        delta->entries = xrealloc(delta->entries, delta->capacity * sizeof *delta->entries);
        delta->order = xrealloc(delta->order, delta->capacity * sizeof *delta->order);
    }
    if (delta->count * 2 < delta->slot_count)
        return;
    delta->slot_count *= 2;
    free(delta->slots);
    delta->slots = xcalloc(delta->slot_count, sizeof *delta->slots);
    for (size_t i = 0; i < delta->count; i++) {
        size_t at = (size_t)delta->entries[i].hash & (delta->slot_count - 1);
        while (delta->slots[at])
            at = (at + 1) & (delta->slot_count - 1);
        delta->slots[at] = i + 1;
    }
}

static void add_number(struct strbuf *key, int64_t number)
{
    char bytes[sizeof number];
    memcpy(bytes, &number, sizeof number);
    strbuf_add(key, span_from(bytes, sizeof bytes));
}

/* Numbers at their full width, texts with their length: no two keys look alike. */
static struct span write_key(struct delta *delta, const struct delta_row *row, size_t groups)
{
    strbuf_reset(&delta->key);
    add_number(&delta->key, (int64_t)row->view);
    add_number(&delta->key, row->day);
    add_number(&delta->key, row->part);
    add_number(&delta->key, row->excluded);
    add_number(&delta->key, (int64_t)row->measure);
    add_number(&delta->key, row->bin);
    for (size_t i = 0; i < groups; i++) {
        add_number(&delta->key, (int64_t)row->group[i].len);
        strbuf_add(&delta->key, row->group[i]);
    }
    return strbuf_span(&delta->key);
}

static struct delta_row *row_of(struct delta *delta, const struct delta_row *row, size_t groups)
{
    struct span key = write_key(delta, row, groups);
    uint64_t hash = hash_span(key);
    grow(delta);
    size_t *slot = find_slot(delta, key, hash);
    if (*slot)
        return &delta->entries[*slot - 1].row;
    struct entry *entry = &delta->entries[delta->count++];
    *slot = delta->count;
    entry->row = *row;
    entry->hash = hash;
    entry->text = keep(delta, key);
    entry->text_len = key.len;
    size_t at = KEY_NUMBERS * sizeof(int64_t);
    for (size_t i = 0; i < groups; i++) {
        at += sizeof(int64_t);
        entry->row.group[i].at = entry->text + at;
        at += row->group[i].len;
    }
    return &entry->row;
}

static void set_place(struct delta_row *row, const struct contribution *contribution,
                      const struct view *view, const struct contribution_place *place)
{
    row->day = place->day;
    row->part = place->part;
    for (size_t i = 0; i < view->group_count; i++)
        row->group[i] = contribution_group(contribution, view, place, i);
}

void delta_add(struct delta *delta, size_t view_index, const struct view *view,
               const struct contribution *contribution, int sign)
{
    struct delta_row row = {.view = view_index, .excluded = contribution->excluded, .bin = -1};
    for (size_t i = 0; i < contribution->cell_count; i++) {
        set_place(&row, contribution, view, &contribution->cells[i].place);
        struct delta_row *sum = row_of(delta, &row, view->group_count);
        for (size_t c = 0; c < view->column_count; c++)
            sum->value[c] += sign * contribution->cells[i].value[c];
    }
    for (size_t i = 0; i < contribution->bin_count; i++) {
        set_place(&row, contribution, view, &contribution->bins[i].place);
        row.measure = contribution->bins[i].measure;
        row.bin = contribution->bins[i].bin;
        row_of(delta, &row, view->group_count)->value[0] += sign;
    }
}

void delta_add_row(struct delta *delta, const struct delta_row *row, const struct view *view)
{
    struct delta_row key = *row;
    memset(key.value, 0, sizeof key.value);
    struct delta_row *sum = row_of(delta, &key, view->group_count);
    for (size_t i = 0; i < ARRAY_LENGTH(sum->value); i++)
        sum->value[i] += row->value[i];
}

static int compare_int(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_entries(const void *left, const void *right, void *delta)
{
    const struct entry *entries = ((const struct delta *)delta)->entries;
    const struct delta_row *a = &entries[*(const size_t *)left].row;
    const struct delta_row *b = &entries[*(const size_t *)right].row;
    int order = compare_int((int64_t)a->view, (int64_t)b->view);
    order = order ? order : compare_int(a->bin >= 0, b->bin >= 0);
    order = order ? order : compare_int(a->day, b->day);
    order = order ? order : compare_int(a->part, b->part);
    for (size_t i = 0; i < VIEW_MAX_GROUPS && !order; i++)
        order = span_compare(a->group[i], b->group[i]);
    order = order ? order : compare_int(a->excluded, b->excluded);
    order = order ? order : compare_int((int64_t)a->measure, (int64_t)b->measure);
    return order ? order : compare_int(a->bin, b->bin);
}

static bool is_zero(const struct delta_row *row)
{
    for (size_t i = 0; i < ARRAY_LENGTH(row->value); i++)
        if (row->value[i] != 0)
            return false;
    return true;
}

void delta_finish(struct delta *delta)
{
    delta->kept = 0;
    for (size_t i = 0; i < delta->count; i++)
        if (!is_zero(&delta->entries[i].row))
            delta->order[delta->kept++] = i;
    delta->finished = true;
    if (delta->kept)
        qsort_r(delta->order, delta->kept, sizeof *delta->order, compare_entries, delta);
}

size_t delta_count(const struct delta *delta)
{
    return delta->finished ? delta->kept : delta->count;
}

const struct delta_row *delta_at(const struct delta *delta, size_t index)
{
    return &delta->entries[delta->finished ? delta->order[index] : index].row;
}
