/* SPDX-License-Identifier: Apache-2.0 */
/* head = 4 | generation | number [| n runs, each: new bytes before it | from | len], before the
 * bytes of window_pack.c. A window in memory has the head of its record, so what is stored of it is
 * known without a second copy. */
#include "router/core/window_piece.h"

#include <string.h>

#include "base/base.h"
#include "router/core/packed.h"

#define VERSION 4

enum {
    MOST_NEW = 4, /* of a piece at most a fourth is new */
    A_PIECE = 128 /* bytes of the window a piece: what is read back stays near what there is */
};

void window_runs_add(struct window_runs *runs, struct window_run run)
{
    size_t least = 0;
    if (!run.len)
        return;
    if (runs->count < WINDOW_PIECE_RUNS) {
        runs->all[runs->count++] = run;
        return;
    }
    for (size_t i = 1; i < runs->count; i++)
        if (runs->all[i].len < runs->all[least].len)
            least = i;
    if (run.len <= runs->all[least].len)
        return;
    memmove(&runs->all[least], &runs->all[least + 1],
            (runs->count - least - 1) * sizeof runs->all[0]);
    runs->all[runs->count - 1] = run;
}

/* Of a run of the bytes between, what of it is in a run of what is stored. */
static struct window_run both(const struct window_run *run, const struct window_run *between)
{
    size_t begin = run->from > between->to ? run->from : between->to;
    size_t end = run->from + run->len, other = between->to + between->len;
    end = end < other ? end : other;
    if (end <= begin)
        return (struct window_run){0};
    return (struct window_run){run->to + (begin - run->from), between->from + (begin - between->to),
                               end - begin};
}

static struct window_runs runs_of(const struct window_piece *before, bool unsaved,
                                  const struct window_runs *copied)
{
    struct window_runs runs = {.count = 0};
    if (!unsaved)
        return *copied;
    for (size_t i = 0; i < copied->count; i++)
        for (size_t k = 0; k < before->runs.count; k++)
            window_runs_add(&runs, both(&copied->all[i], &before->runs.all[k]));
    return runs;
}

static bool is_worth_it(const struct window_piece *piece, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < piece->runs.count; i++)
        kept += piece->runs.all[i].len;
    return piece->number <= WINDOW_PIECE_MOST && (len - kept) * MOST_NEW <= len &&
           (size_t)piece->number * A_PIECE <= len;
}

struct window_piece window_piece_after(const struct window_piece *before, bool unsaved,
                                       const struct window_runs *copied, size_t len)
{
    struct window_piece whole = {.generation = (uint8_t)(before->generation + 1)};
    if (unsaved && before->number == 0)
        return *before;
    struct window_piece piece = {.generation = before->generation,
                                 .number = (uint8_t)(before->number + !unsaved),
                                 .runs = runs_of(before, unsaved, copied)};
    return !before->headless && is_worth_it(&piece, len) ? piece : whole;
}

char *window_piece_put(const struct window_piece *piece, char room[WINDOW_PIECE_HEAD])
{
    char head[4 + 3 * WINDOW_PIECE_RUNS * PACKED_MOST_NUMBER], *to = head;
    size_t at = 0;
    *to++ = VERSION;
    *to++ = (char)piece->generation;
    *to++ = (char)piece->number;
    if (piece->number)
        *to++ = (char)piece->runs.count;
    for (size_t i = 0; piece->number && i < piece->runs.count; i++) {
        const struct window_run *run = &piece->runs.all[i]; /* within WINDOW_MOST_BYTES: 3 bytes */
        to = packed_put_number(to, run->to - at);
        to = packed_put_number(to, run->from);
        to = packed_put_number(to, run->len);
        at = run->to + run->len;
    }
    size_t len = (size_t)(to - head);
    return memcpy(room + WINDOW_PIECE_HEAD - len, head, len);
}

static void take_runs(struct packed *bytes, struct window_runs *runs)
{
    size_t at = 0;
    runs->count = packed_take_number(bytes);
    if (runs->count > WINDOW_PIECE_RUNS) {
        runs->count = 0;
        bytes->bad = true;
    }
    for (size_t i = 0; i < runs->count; i++) {
        struct window_run *run = &runs->all[i];
        run->to = at + packed_take_number(bytes);
        run->from = packed_take_number(bytes);
        run->len = packed_take_number(bytes);
        at = run->to + run->len;
    }
}

bool window_piece_take(struct window_piece *piece, struct span *bytes)
{
    struct packed left = {*bytes, false};
    piece->generation = piece->number = 0;
    piece->runs.count = 0;
    piece->headless = !bytes->len || bytes->at[0] != VERSION;
    if (piece->headless)
        return true;
    struct span head = packed_take(&left, 3);
    if (left.bad)
        return false;
    piece->generation = (uint8_t)head.at[1];
    piece->number = (uint8_t)head.at[2];
    if (piece->number)
        take_runs(&left, &piece->runs);
    *bytes = left.rest;
    return !left.bad && piece->number <= WINDOW_PIECE_MOST;
}

void window_piece_write(struct strbuf *out, struct span bytes)
{
    struct window_piece piece;
    struct packed left = {bytes, false};
    size_t at = 0;
    (void)window_piece_take(&piece, &left.rest);
    strbuf_reset(out);
    strbuf_add(out, span_from(bytes.at, bytes.len - left.rest.len));
    for (size_t i = 0; i < piece.runs.count; i++) {
        const struct window_run *run = &piece.runs.all[i];
        strbuf_add(out, packed_take(&left, run->to - at));
        (void)packed_take(&left, run->len);
        at = run->to + run->len;
    }
    strbuf_add(out, left.rest);
}

bool window_piece_join(struct strbuf *out, struct span there, struct span record)
{
    struct window_piece before, piece;
    struct packed left = {record, false};
    size_t at = 0;
    if (!there.at || !window_piece_take(&before, &there) ||
        !window_piece_take(&piece, &left.rest) || piece.number == 0 ||
        piece.generation != before.generation || piece.number != before.number + 1)
        return false;
    strbuf_reset(out);
    strbuf_add(out, span_from(record.at, record.len - left.rest.len));
    for (size_t i = 0; i < piece.runs.count && !left.bad; i++) {
        const struct window_run *run = &piece.runs.all[i];
        struct packed stay = {there, false};
        strbuf_add(out, packed_take(&left, run->to - at));
        (void)packed_take(&stay, run->from);
        strbuf_add(out, packed_take(&stay, run->len));
        left.bad |= stay.bad;
        at = run->to + run->len;
    }
    strbuf_add(out, left.rest);
    return !left.bad && !strbuf_is_full(out);
}
