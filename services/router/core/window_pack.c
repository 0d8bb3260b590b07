/* SPDX-License-Identifier: Apache-2.0 */
/* A window in bytes, in memory as in state.windows:
 *
 *   version | form | flags | due | run | pushed | n facts | n fired | n days
 *
 * Times are differences to the one before; those that may be absent are written only where a flag
 * says so, and a fact's subject and texts where they are not those of the fact before: of a subject
 * what is another. */
#include "base/base.h"
#include "base/timestamp.h"
#include "router/core/packed.h"
#include "router/core/window.h"

#define VERSION 5 /* 3: no subject is FACT_SHARED; 4 is a head's (window_piece.c) */
#define BEFORE  3

enum {
    HAS_DUE = 1,
    HAS_RUN = 2,
    HAS_PUSHED = 4,
    IS_HELD = 8,
};
enum {
    FACT_COUNTS = 1,
    FACT_ANSWERS = 2,
    FACT_VALUE = 4,
    FACT_DISTINCT = 8,
    FACT_SOURCE = 16, /* its revision has the sender's part */
    FACT_AGAIN = 32,  /* it did not arrive with the receipt of its revision */
    FACT_TEXTS = 64,  /* they are others than the last fact's that has some */
    FACT_UNTIL = 128, /* a greater revision is known */
    FACT_SAME = 256,  /* its subject is that of the fact before, */
    FACT_SHARED = 512 /* or begins like it: so many bytes, and the rest */
};

/* Wraps: every pair has a difference. */
static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

struct before { /* what the next fact is told by */
    int64_t time_ms;
    struct span subject, texts;
};

static bool has_texts(const struct window_fact *fact)
{
    return fact->counts && !fact->answer;
}

static void go_on(struct before *before, const struct window_fact *fact)
{
    before->time_ms = fact->time_ms;
    before->subject = fact->subject;
    if (has_texts(fact))
        before->texts = fact->texts;
}

enum { LEAST_SHARED = 4 };

/* Bytes that its subject has with the one before, where it is written so; else 0. */
static size_t shared_of(const struct window_fact *fact, const struct before *before)
{
    size_t n = 0,
           most = fact->subject.len < before->subject.len ? fact->subject.len : before->subject.len;
    if (!before->subject.at || fact->subject.len > WINDOW_SUBJECT)
        return 0;
    while (n < most && fact->subject.at[n] == before->subject.at[n])
        n++;
    return n >= LEAST_SHARED ? n : 0;
}

static uint64_t shape_of(const struct window_fact *fact, const struct before *before)
{
    bool texts = has_texts(fact) && !span_equal(fact->texts, before->texts);
    bool same = before->subject.at && span_equal(fact->subject, before->subject);
    return (fact->counts ? FACT_COUNTS : 0) | (fact->answer ? FACT_ANSWERS : 0) |
           (fact->value ? FACT_VALUE : 0) | (fact->distinct ? FACT_DISTINCT : 0) |
           (fact->version.revision.source ? FACT_SOURCE : 0) |
           (fact->version.arrived_ms != fact->version.revision.received_ms ? FACT_AGAIN : 0) |
           (texts ? FACT_TEXTS : 0) |
           (fact->version.until_ms != WINDOW_VERSION_LAST ? FACT_UNTIL : 0) |
           (same                      ? FACT_SAME
            : shared_of(fact, before) ? FACT_SHARED
                                      : 0);
}

enum { MOST_NUMBERS = 6, HEAD_BYTES = (MOST_NUMBERS + 1) * PACKED_MOST_NUMBER + 8 };

static void add_fact(struct strbuf *out, const struct window_fact *fact,
                     const struct before *before)
{
    char head[HEAD_BYTES], *to = head;
    const struct window_version *version = &fact->version;
    uint64_t shape = shape_of(fact, before);
    to = packed_put_number(to, shape);
    to = packed_put_signed(to, minus(fact->time_ms, before->time_ms));
    to = packed_put_signed(to, minus(version->revision.received_ms, fact->time_ms));
    if (shape & FACT_SOURCE)
        to = packed_put_number(to, version->revision.source);
    if (shape & FACT_AGAIN)
        to = packed_put_signed(to, minus(version->arrived_ms, fact->time_ms));
    if (shape & FACT_UNTIL)
        to = packed_put_signed(to, minus(version->until_ms, fact->time_ms));
    if (shape & FACT_VALUE)
        to = packed_put_signed(to, minus(fact->value, fact->time_ms));
    if (shape & FACT_DISTINCT) {
        memcpy(to, &fact->distinct, sizeof fact->distinct);
        to += sizeof fact->distinct;
    }
    strbuf_add(out, span_from(head, (size_t)(to - head)));
    packed_add_text(out, fact->id);
    size_t shared = shape & FACT_SHARED ? shared_of(fact, before) : 0;
    if (shared)
        packed_add_number(out, shared);
    if (!(shape & FACT_SAME))
        packed_add_text(out, span_from(fact->subject.at + shared, fact->subject.len - shared));
    if (shape & FACT_TEXTS)
        packed_add_text(out, fact->texts);
}

/* Behind the fact it was read behind, and told by the same texts: its bytes are what it would be
 * written as. */
static bool is_as_read(const struct window *window, size_t index, const struct before *before)
{
    const struct window_fact *fact = &window->facts[index];
    const char *from =
        index ? fact[-1].read.at + (fact[-1].read.at ? fact[-1].read.len : 0) : window->first_read;
    return fact->read.at && fact->read.at == from && fact->read_behind == before->texts.at;
}

struct copying {
    const char *from; /* the window's bytes begin there, */
    size_t to;        /* and here */
    struct window_runs runs;
};

static void add_piece(struct strbuf *out, struct span piece, struct copying *copying)
{
    if (piece.len)
        window_runs_add(&copying->runs,
                        (struct window_run){out->len - copying->to,
                                            (size_t)(piece.at - copying->from), piece.len});
    strbuf_add(out, piece);
}

/* Of a window's facts mostly one is new: what was read and stays is copied in one piece. */
static void add_facts(struct strbuf *out, const struct window *window, struct copying *copying)
{
    struct before before = {0};
    struct span piece = {"", 0};
    for (size_t i = 0; i < window->fact_count; i++) {
        const struct window_fact *fact = &window->facts[i];
        if (is_as_read(window, i, &before)) {
            bool goes_on = piece.at + piece.len == fact->read.at;
            if (!goes_on)
                add_piece(out, piece, copying);
            piece = goes_on ? span_from(piece.at, piece.len + fact->read.len) : fact->read;
        } else {
            add_piece(out, piece, copying);
            piece = SPAN("");
            add_fact(out, fact, &before);
        }
        go_on(&before, fact);
    }
    add_piece(out, piece, copying);
}

static void add_moment(struct strbuf *out, int64_t ms)
{
    if (ms != TIMESTAMP_NONE)
        packed_add_signed(out, ms);
}

struct window_runs window_write(struct strbuf *out, const struct window *window,
                                enum trigger_form form)
{
    struct copying copying = {.from = window->read, .to = out->len};
    int flags = (window->due_ms != TIMESTAMP_NONE ? HAS_DUE : 0) |
                (window->run_ms != TIMESTAMP_NONE ? HAS_RUN : 0) |
                (window->pushed_ms != TIMESTAMP_NONE ? HAS_PUSHED : 0) |
                (window->held ? IS_HELD : 0);
    strbuf_add_char(out, VERSION);
    strbuf_add_char(out, (char)form);
    strbuf_add_char(out, (char)flags);
    add_moment(out, window->due_ms);
    add_moment(out, window->run_ms);
    add_moment(out, window->pushed_ms);
    packed_add_number(out, window->fact_count);
    add_facts(out, window, &copying);
    packed_add_number(out, window->fired_count);
    for (size_t i = 0; i < window->fired_count; i++) {
        packed_add_signed(out, window->fired[i].start_ms);
        packed_add_signed(out, minus(window->fired[i].anchor_ms, window->fired[i].start_ms));
    }
    packed_add_number(out, window->day_count);
    for (size_t i = 0; i < window->day_count; i++) {
        packed_add_signed(out, window->days[i].day);
        packed_add_signed(out, window->days[i].count);
    }
    return copying.runs;
}

/* ---- reading ---- */

static size_t take_count(struct packed *bytes, size_t most)
{
    uint64_t count = packed_take_number(bytes);
    if (count > most)
        bytes->bad = true;
    return bytes->bad ? 0 : (size_t)count;
}

static struct span take_subject(struct packed *bytes, uint64_t shape, const struct before *before,
                                char room[WINDOW_SUBJECT])
{
    if (shape & FACT_SAME)
        return before->subject;
    uint64_t shared = shape & FACT_SHARED ? packed_take_number(bytes) : 0;
    struct span rest = packed_take_text(bytes);
    if (!shared)
        return rest;
    if (!before->subject.at || shared > before->subject.len || shared + rest.len > WINDOW_SUBJECT) {
        bytes->bad = true;
        return SPAN("");
    }
    memcpy(room, before->subject.at, shared);
    if (rest.len)
        memcpy(room + shared, rest.at, rest.len);
    return span_from(room, shared + rest.len);
}

/* Sets every member: clearing them first would cost a fifth of it. */
static void take_fact(struct packed *bytes, struct window_fact *fact, const struct before *before,
                      char room[WINDOW_SUBJECT])
{
    const char *from = bytes->rest.at;
    struct window_version *version = &fact->version;
    uint64_t shape = packed_take_number(bytes);
    fact->counts = shape & FACT_COUNTS;
    fact->answer = shape & FACT_ANSWERS;
    fact->time_ms = plus(before->time_ms, packed_take_signed(bytes));
    version->revision.received_ms = plus(fact->time_ms, packed_take_signed(bytes));
    version->revision.source = shape & FACT_SOURCE ? packed_take_number(bytes) : 0;
    version->arrived_ms = shape & FACT_AGAIN ? plus(fact->time_ms, packed_take_signed(bytes))
                                             : version->revision.received_ms;
    version->until_ms =
        shape & FACT_UNTIL ? plus(fact->time_ms, packed_take_signed(bytes)) : WINDOW_VERSION_LAST;
    fact->value = shape & FACT_VALUE ? plus(fact->time_ms, packed_take_signed(bytes)) : 0;
    fact->distinct = 0;
    if (shape & FACT_DISTINCT) {
        struct span raw = packed_take(bytes, sizeof fact->distinct);
        if (raw.len)
            memcpy(&fact->distinct, raw.at, sizeof fact->distinct);
    }
    fact->id = packed_take_text(bytes);
    fact->subject = take_subject(bytes, shape, before, room);
    fact->texts = shape & FACT_TEXTS ? packed_take_text(bytes)
                  : has_texts(fact)  ? before->texts
                                     : SPAN_NONE;
    fact->read = span_from(from, (size_t)(bytes->rest.at - from));
    fact->read_behind = before->texts.at;
}

static int64_t take_moment(struct packed *bytes, int flags, int flag)
{
    return flags & flag ? packed_take_signed(bytes) : TIMESTAMP_NONE;
}

static void take_lists(struct packed *bytes, struct window *window)
{
    struct before before = {0};
    window->fact_count = take_count(bytes, WINDOW_MOST_FACTS);
    window->first_read = bytes->rest.at;
    for (size_t i = 0; i < window->fact_count; go_on(&before, &window->facts[i++]))
        take_fact(bytes, &window->facts[i], &before, window->subjects[i]);
    window->fired_count = take_count(bytes, WINDOW_MOST_FIRED);
    for (size_t i = 0; i < window->fired_count; i++) {
        window->fired[i].start_ms = packed_take_signed(bytes);
        window->fired[i].anchor_ms = plus(window->fired[i].start_ms, packed_take_signed(bytes));
    }
    window->day_count = take_count(bytes, WINDOW_MOST_DAYS);
    for (size_t i = 0; i < window->day_count; i++) {
        window->days[i].day = packed_take_signed(bytes);
        window->days[i].count = packed_take_signed(bytes);
    }
}

bool window_read(struct window *window, struct span bytes, enum trigger_form *form)
{
    struct packed left = {bytes, false};
    struct span head = packed_take(&left, 3);
    window_init(window);
    if (left.bad || (head.at[0] != VERSION && head.at[0] != BEFORE) || head.at[1] < 0 ||
        head.at[1] >= TRIGGER_FORMS)
        return false;
    window->read = bytes.at;
    int flags = (unsigned char)head.at[2];
    *form = (enum trigger_form)head.at[1];
    window->held = flags & IS_HELD;
    window->due_ms = take_moment(&left, flags, HAS_DUE);
    window->run_ms = take_moment(&left, flags, HAS_RUN);
    window->pushed_ms = take_moment(&left, flags, HAS_PUSHED);
    take_lists(&left, window);
    return !left.bad && left.rest.len == 0;
}
