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

#define BLOCK_BYTES (64 << 10)

struct block {
    struct block *next;
    size_t used, capacity;
    char bytes[];
};

struct entry {
    struct delta_row row;
    uint64_t hash;
    struct span key;   /* in a block; the row's groups point into it */
    size_t groups_len; /* of it */
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

/* Room that stays where it is. */
static char *take(struct delta *delta, size_t bytes)
{
    bytes = (bytes + 7) & ~(size_t)7;
    while (delta->block->used + bytes > delta->block->capacity) {
        if (!delta->block->next)
            delta->block->next = block_new(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
        delta->block = delta->block->next;
    }
    char *room = delta->block->bytes + delta->block->used;
    delta->block->used += bytes;
    return room;
}

static size_t *find_slot(const struct delta *delta, struct span key, uint64_t hash)
{
    size_t at = (size_t)hash & (delta->slot_count - 1);
    for (;; at = (at + 1) & (delta->slot_count - 1)) {
        size_t index = delta->slots[at];
        if (index == 0)
            return &delta->slots[at];
        const struct entry *entry = &delta->entries[index - 1];
        if (entry->hash == hash && span_equal(entry->key, key))
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

/* Each group with a zero byte behind it, which no text has: no two keys look alike, and they are in
 * the order of their groups. The numbers stand behind. */
static struct span write_key(struct delta *delta, const struct delta_row *row, size_t groups)
{
    const int64_t numbers[] = {row->day, (int64_t)row->view << 32 | (int64_t)(uint32_t)row->part,
                               (int64_t)row->excluded << 40 | (int64_t)row->measure << 32 |
                                   (int64_t)(uint32_t)row->bin};
    strbuf_reset(&delta->key);
    for (size_t i = 0; i < groups; i++) {
        strbuf_add(&delta->key, row->group[i]);
        strbuf_add_char(&delta->key, '\0');
    }
    strbuf_add(&delta->key, span_from((const char *)numbers, sizeof numbers));
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
    char *copy = take(delta, key.len);
    memcpy(copy, key.at, key.len);
    entry->key = span_from(copy, key.len);
    for (size_t i = 0; i < groups; i++) {
        entry->row.group[i].at = copy;
        copy += row->group[i].len + 1;
    }
    entry->groups_len = (size_t)(copy - entry->key.at);
    size_t bytes = row->value_count * sizeof *row->value;
    entry->row.value = (int64_t *)(void *)take(delta, bytes);
    memset(entry->row.value, 0, bytes);
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

static bool is_zero(const int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] != 0)
            return false;
    return true;
}

void delta_add(struct delta *delta, size_t view_index, const struct view *view,
               const struct contribution *contribution, int sign)
{
    struct delta_row row = {.view = view_index,
                            .excluded = contribution->excluded,
                            .bin = -1,
                            .value_count = view->column_count};
    for (size_t i = 0; i < contribution->cell_count; i++) {
        const struct contribution_cell *cell = &contribution->cells[i];
        if (is_zero(cell->value, view->column_count))
            continue;
        set_place(&row, contribution, view, &cell->place);
        struct delta_row *sum = row_of(delta, &row, view->group_count);
        for (size_t c = 0; c < view->column_count; c++)
            sum->value[c] += sign * cell->value[c];
    }
    row.value_count = 1;
    for (size_t i = 0; i < contribution->bin_count; i++) {
        set_place(&row, contribution, view, &contribution->bins[i].place);
        row.measure = contribution->bins[i].measure;
        row.bin = contribution->bins[i].bin;
        row_of(delta, &row, view->group_count)->value[0] += sign;
    }
}

void delta_add_row(struct delta *delta, const struct delta_row *row, const struct view *view)
{
    struct delta_row *sum = row_of(delta, row, view->group_count);
    for (size_t i = 0; i < row->value_count; i++)
        sum->value[i] += row->value[i];
}

static int compare_int(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

int delta_compare_places(const struct delta_row *a, const struct delta_row *b)
{
    int order = compare_int(a->day, b->day);
    order = order ? order : compare_int(a->part, b->part);
    for (size_t i = 0; i < VIEW_MAX_GROUPS && !order; i++)
        order = span_compare(a->group[i], b->group[i]);
    return order ? order : compare_int(a->excluded, b->excluded);
}

/* Texts with zero bytes behind them: the first that differs decides, as delta_compare_places says.
 */
static int compare_groups(const struct entry *a, const struct entry *b)
{
    size_t len = a->groups_len < b->groups_len ? a->groups_len : b->groups_len;
    return memcmp(a->key.at, b->key.at, len);
}

static int compare_entries(const void *left, const void *right, void *delta)
{
    const struct entry *entries = ((const struct delta *)delta)->entries;
    const struct entry *one = &entries[*(const size_t *)left];
    const struct entry *other = &entries[*(const size_t *)right];
    const struct delta_row *a = &one->row, *b = &other->row;
    int order = compare_int((int64_t)a->view, (int64_t)b->view);
    order = order ? order : compare_int(a->bin >= 0, b->bin >= 0);
    order = order ? order : compare_int(a->day, b->day);
    order = order ? order : compare_int(a->part, b->part);
    order = order ? order : compare_groups(one, other);
    order = order ? order : compare_int(a->excluded, b->excluded);
    order = order ? order : compare_int((int64_t)a->measure, (int64_t)b->measure);
    return order ? order : compare_int(a->bin, b->bin);
}

void delta_finish(struct delta *delta)
{
    delta->kept = 0;
    for (size_t i = 0; i < delta->count; i++)
        if (!is_zero(delta->entries[i].row.value, delta->entries[i].row.value_count))
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
