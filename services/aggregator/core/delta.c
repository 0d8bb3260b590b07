/* SPDX-License-Identifier: Apache-2.0 */
/* An open-addressing table over an array of rows; the array is the result. Rows that came to zero
 * are dropped at the end, so a batch of repeats writes nothing at all. */
#include "aggregator/core/delta.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/strbuf.h"

#define KEY_NUMBERS 6 /* in front of the groups */

struct entry {
    struct delta_row row;
    char *text; /* owned: key bytes; the row's groups point into it */
    size_t text_len;
};

struct delta {
    struct entry *entries; /* owned */
    size_t count, capacity;
    size_t *slots; /* owned: 1 + index, 0 = free */
    size_t slot_count;
    struct strbuf key;
};

struct delta *delta_new(void)
{
    struct delta *delta = xcalloc(1, sizeof *delta);
    delta->slot_count = 1024;
    delta->slots = xcalloc(delta->slot_count, sizeof *delta->slots);
    strbuf_init(&delta->key, 256, 1 << 20);
    return delta;
}

void delta_clear(struct delta *delta)
{
    for (size_t i = 0; i < delta->count; i++)
        free(delta->entries[i].text);
    delta->count = 0;
    memset(delta->slots, 0, delta->slot_count * sizeof *delta->slots);
}

void delta_free(struct delta *delta)
{
    if (!delta)
        return;
    delta_clear(delta);
    strbuf_fini(&delta->key);
    free(delta->entries);
    free(delta->slots);
    free(delta);
}

static size_t *find_slot(const struct delta *delta, struct span key)
{
    size_t at = (size_t)hash_span(key) & (delta->slot_count - 1);
    for (;; at = (at + 1) & (delta->slot_count - 1)) {
        size_t index = delta->slots[at];
        if (index == 0)
            return &delta->slots[at];
        const struct entry *entry = &delta->entries[index - 1];
        if (span_equal(span_from(entry->text, entry->text_len), key))
            return &delta->slots[at];
    }
}

static void grow(struct delta *delta)
{
    if (delta->count == delta->capacity) {
        delta->capacity = delta->capacity ? delta->capacity * 2 : 256;
        delta->entries = xrealloc(delta->entries, delta->capacity * sizeof *delta->entries);
    }
    if (delta->count * 2 < delta->slot_count)
        return;
    delta->slot_count *= 2;
    free(delta->slots);
    delta->slots = xcalloc(delta->slot_count, sizeof *delta->slots);
    for (size_t i = 0; i < delta->count; i++)
        *find_slot(delta, span_from(delta->entries[i].text, delta->entries[i].text_len)) = i + 1;
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
    grow(delta);
    size_t *slot = find_slot(delta, key);
    if (*slot)
        return &delta->entries[*slot - 1].row;
    struct entry *entry = &delta->entries[delta->count++];
    *slot = delta->count;
    entry->row = *row;
    entry->text = xmalloc(key.len);
    entry->text_len = key.len;
    memcpy(entry->text, key.at, key.len);
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

static int compare_entries(const void *left, const void *right)
{
    const struct delta_row *a = &((const struct entry *)left)->row;
    const struct delta_row *b = &((const struct entry *)right)->row;
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
    size_t kept = 0;
    for (size_t i = 0; i < delta->count; i++) {
        if (is_zero(&delta->entries[i].row))
            free(delta->entries[i].text);
        else
            delta->entries[kept++] = delta->entries[i];
    }
    delta->count = kept;
    if (kept)
        qsort(delta->entries, kept, sizeof *delta->entries, compare_entries);
    /* The slots no longer hold: the next use begins with delta_clear. */
    memset(delta->slots, 0, delta->slot_count * sizeof *delta->slots);
}

size_t delta_count(const struct delta *delta)
{
    return delta->count;
}

const struct delta_row *delta_at(const struct delta *delta, size_t index)
{
    return &delta->entries[index].row;
}
