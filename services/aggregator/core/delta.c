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
    size_t columns;    /* of the row's view */
};

struct delta {
    struct entry *entries; /* owned */
    size_t *order;         /* owned, as many: of the entries, once finished */
    size_t count, kept, capacity;
    bool finished;
    size_t *slots; /* owned: 1 + index, 0 = free */
    size_t slot_count;
    struct strbuf key;
    struct delta_bin **sorted; /* owned: one row's */
    size_t sorted_capacity;
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
    free(delta->sorted);
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
    const int64_t numbers[] = {row->day, (int64_t)row->view << 33 | (int64_t)row->excluded << 32 |
                                             (int64_t)(uint32_t)row->part};
    strbuf_reset(&delta->key);
    for (size_t i = 0; i < groups; i++) {
        strbuf_add(&delta->key, row->group[i]);
        strbuf_add_char(&delta->key, '\0');
    }
    strbuf_add(&delta->key, span_from((const char *)numbers, sizeof numbers));
    return strbuf_span(&delta->key);
}

/* Its number: rows move when there are more. */
static size_t find_row(struct delta *delta, const struct delta_row *row, const struct view *view)
{
    struct span key = write_key(delta, row, view->group_count);
    uint64_t hash = hash_span(key);
    grow(delta);
    size_t *slot = find_slot(delta, key, hash);
    if (*slot)
        return *slot - 1;
    struct entry *entry = &delta->entries[delta->count++];
    *slot = delta->count;
    entry->row = *row;
    entry->row.bins = NULL;
    entry->hash = hash;
    entry->columns = view->column_count;
    char *copy = take(delta, key.len);
    memcpy(copy, key.at, key.len);
    entry->key = span_from(copy, key.len);
    for (size_t i = 0; i < view->group_count; i++) {
        entry->row.group[i].at = copy;
        copy += row->group[i].len + 1;
    }
    entry->groups_len = (size_t)(copy - entry->key.at);
    size_t bytes = view->column_count * sizeof *row->value;
    entry->row.value = (int64_t *)(void *)take(delta, bytes);
    memset(entry->row.value, 0, bytes);
    return delta->count - 1;
}

static void add_bin(struct delta *delta, size_t at, size_t measure, int bin, int64_t n)
{
    struct delta_row *row = &delta->entries[at].row;
    if (row->bins && row->bins->measure == measure && row->bins->bin == bin) {
        row->bins->n += n;
        return;
    }
    struct delta_bin *more = (struct delta_bin *)(void *)take(delta, sizeof *more);
    *more = (struct delta_bin){row->bins, measure, bin, n};
    row->bins = more;
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
    struct delta_row row = {.view = view_index, .excluded = contribution->excluded};
    const struct contribution_place *last = NULL;
    size_t at = 0;
    for (size_t i = 0; i < contribution->cell_count; i++) {
        const struct contribution_cell *cell = &contribution->cells[i];
        if (is_zero(cell->value, view->column_count))
            continue;
        last = &cell->place;
        set_place(&row, contribution, view, last);
        at = find_row(delta, &row, view);
        for (size_t c = 0; c < view->column_count; c++)
            delta->entries[at].row.value[c] += sign * cell->value[c];
    }
    for (size_t i = 0; i < contribution->bin_count; i++) {
        const struct contribution_bin *bin = &contribution->bins[i];
        if (!last || !contribution_same_place(last, &bin->place)) {
            last = &bin->place;
            set_place(&row, contribution, view, last);
            at = find_row(delta, &row, view);
        }
        add_bin(delta, at, bin->measure, bin->bin, sign);
    }
}

void delta_add_row(struct delta *delta, const struct delta_row *row, const struct view *view)
{
    size_t at = find_row(delta, row, view);
    for (size_t i = 0; i < view->column_count; i++)
        delta->entries[at].row.value[i] += row->value[i];
    for (const struct delta_bin *bin = row->bins; bin; bin = bin->next)
        add_bin(delta, at, bin->measure, bin->bin, bin->n);
}

static int compare_int(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* Texts with zero bytes behind them: the first that differs decides. */
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
    order = order ? order : compare_int(a->day, b->day);
    order = order ? order : compare_int(a->part, b->part);
    order = order ? order : compare_groups(one, other);
    return order ? order : compare_int(a->excluded, b->excluded);
}

static int compare_bins(const void *left, const void *right)
{
    const struct delta_bin *a = *(struct delta_bin *const *)left;
    const struct delta_bin *b = *(struct delta_bin *const *)right;
    int order = compare_int((int64_t)a->measure, (int64_t)b->measure);
    return order ? order : compare_int(a->bin, b->bin);
}

static size_t gather_bins(struct delta *delta, const struct delta_row *row)
{
    size_t count = 0;
    for (struct delta_bin *bin = row->bins; bin; bin = bin->next) {
        if (count == delta->sorted_capacity) {
            delta->sorted_capacity = delta->sorted_capacity ? 2 * delta->sorted_capacity : 64;
            delta->sorted = xrealloc(delta->sorted, delta->sorted_capacity * sizeof *delta->sorted);
        }
        delta->sorted[count++] = bin;
    }
    return count;
}

/* Each once, sorted, none of zero. */
static void finish_bins(struct delta *delta, struct delta_row *row)
{
    size_t count = gather_bins(delta, row);
    struct delta_bin **end = &row->bins;
    if (count > 1)
        qsort(delta->sorted, count, sizeof *delta->sorted, compare_bins);
    for (size_t i = 0; i < count;) {
        struct delta_bin *bin = delta->sorted[i++];
        for (; i < count && compare_bins(&bin, &delta->sorted[i]) == 0; i++)
            bin->n += delta->sorted[i]->n;
        if (bin->n == 0)
            continue;
        *end = bin;
        end = &bin->next;
    }
    *end = NULL;
}

void delta_finish(struct delta *delta)
{
    delta->kept = 0;
    for (size_t i = 0; i < delta->count; i++) {
        struct entry *entry = &delta->entries[i];
        finish_bins(delta, &entry->row);
        if (entry->row.bins || !is_zero(entry->row.value, entry->columns))
            delta->order[delta->kept++] = i;
    }
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
