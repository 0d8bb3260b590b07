/* SPDX-License-Identifier: Apache-2.0 */
/* A window in bytes, in memory as in state.windows:
 *
 *   version | form | flags | due | run | pushed | n facts | n fired | n days | texts
 *
 * Numbers are 7 bits a byte, signed ones folded (0, -1, 1, -2 ...); times are differences to the
 * one before. Times that may be absent are written only where a flag says so. */
#include "base/base.h"
#include "base/timestamp.h"
#include "router/core/window.h"

#define VERSION     1
#define MOST_DIGITS 18

enum {
    HAS_DUE = 1,
    HAS_RUN = 2,
    HAS_PUSHED = 4,
    IS_HELD = 8,
    HAS_TEXTS = 16,
};
enum {
    FACT_COUNTS = 1,
    FACT_ANSWERS = 2,
    FACT_VALUE = 4,
    FACT_DISTINCT = 8,
    FACT_SOURCE = 16, /* its revision has the sender's part */
    FACT_AGAIN = 32,  /* it arrived by an earlier revision */
};

static void add_number(struct strbuf *out, uint64_t value)
{
    char bytes[10];
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (char)(value | 0x80);
    bytes[len++] = (char)value;
    strbuf_add(out, span_from(bytes, len));
}

static void add_signed(struct strbuf *out, int64_t value)
{
    add_number(out, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static void add_text(struct strbuf *out, struct span text)
{
    add_number(out, text.len);
    strbuf_add(out, text);
}

/* Wraps: every pair has a difference. */
static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void add_fact(struct strbuf *out, const struct window_fact *fact, int64_t before_ms)
{
    uint64_t shape = (fact->counts ? FACT_COUNTS : 0) | (fact->answer ? FACT_ANSWERS : 0) |
                     (fact->value ? FACT_VALUE : 0) | (fact->distinct ? FACT_DISTINCT : 0) |
                     (fact->revision.source ? FACT_SOURCE : 0) |
                     (fact->arrived_ms != fact->revision.received_ms ? FACT_AGAIN : 0);
    add_number(out, shape);
    add_signed(out, minus(fact->time_ms, before_ms));
    add_signed(out, minus(fact->revision.received_ms, fact->time_ms));
    if (fact->revision.source)
        add_number(out, fact->revision.source);
    if (shape & FACT_AGAIN)
        add_signed(out, minus(fact->arrived_ms, fact->time_ms));
    if (fact->value)
        add_signed(out, minus(fact->value, fact->time_ms));
    if (fact->distinct)
        strbuf_add(out, span_from((const char *)&fact->distinct, sizeof fact->distinct));
    add_text(out, fact->id);
    add_text(out, fact->subject);
}

/* A district keeps hundreds of thousands of windows with one fact: what most of them say is short.
 * Append-only: these numbers stand in stored windows. */
static const struct span names[] = {
    {"type_code", 9}, {"street_code", 11}, {"community_code", 14}, {"estate_code", 11},
    {"lead", 4},      {"limit_class", 11}, {"due_at", 6},          {"sort", 4},
    {"level", 5},     {"cause", 5},        {"begins", 6},          {"unit", 4}};

/* Its number from 1 on; 0 and the text of others. */
static void add_name(struct strbuf *out, struct span name)
{
    size_t n = 0;
    while (n < ARRAY_LENGTH(names) && !span_equal(names[n], name))
        n++;
    add_number(out, n < ARRAY_LENGTH(names) ? n + 1 : 0);
    if (n == ARRAY_LENGTH(names))
        add_text(out, name);
}

/* Codes are mostly numbers: twice the number plus one, or twice the length of a text. */
static void add_value(struct strbuf *out, struct span value)
{
    uint64_t number = 0;
    bool is_number = value.len > 0 && value.len <= MOST_DIGITS && value.at[0] != '0';
    for (size_t i = 0; is_number && i < value.len; i++) {
        is_number = value.at[i] >= '0' && value.at[i] <= '9';
        number = number * 10 + (uint64_t)(value.at[i] - '0');
    }
    add_number(out, is_number ? number << 1 | 1 : (uint64_t)value.len << 1);
    if (!is_number)
        strbuf_add(out, value);
}

static void add_texts(struct strbuf *out, const struct window *window)
{
    int64_t newest_ms = window->fact_count ? window->facts[window->fact_count - 1].time_ms : 0;
    add_signed(out, minus(window->texts_ms, newest_ms));
    add_number(out, window->text_count);
    for (size_t i = 0; i < window->text_count; i++) {
        add_name(out, window->texts[i].name);
        add_value(out, window->texts[i].value);
    }
}

static void add_moment(struct strbuf *out, int64_t ms)
{
    if (ms != TIMESTAMP_NONE)
        add_signed(out, ms);
}

void window_write(struct strbuf *out, const struct window *window, enum trigger_form form)
{
    int flags = (window->due_ms != TIMESTAMP_NONE ? HAS_DUE : 0) |
                (window->run_ms != TIMESTAMP_NONE ? HAS_RUN : 0) |
                (window->pushed_ms != TIMESTAMP_NONE ? HAS_PUSHED : 0) |
                (window->held ? IS_HELD : 0) | (window->texts_ms != TIMESTAMP_NONE ? HAS_TEXTS : 0);
    int64_t before = 0;
    strbuf_add_char(out, VERSION);
    strbuf_add_char(out, (char)form);
    strbuf_add_char(out, (char)flags);
    add_moment(out, window->due_ms);
    add_moment(out, window->run_ms);
    add_moment(out, window->pushed_ms);
    add_number(out, window->fact_count);
    for (size_t i = 0; i < window->fact_count; before = window->facts[i++].time_ms)
        add_fact(out, &window->facts[i], before);
    add_number(out, window->fired_count);
    for (size_t i = 0; i < window->fired_count; i++) {
        add_signed(out, window->fired[i].start_ms);
        add_signed(out, minus(window->fired[i].anchor_ms, window->fired[i].start_ms));
    }
    add_number(out, window->day_count);
    for (size_t i = 0; i < window->day_count; i++) {
        add_signed(out, window->days[i].day);
        add_signed(out, window->days[i].count);
    }
    if (window->texts_ms != TIMESTAMP_NONE)
        add_texts(out, window);
}

/* ---- reading: past the end everything is 0 and `bad` ---- */

struct bytes {
    struct span rest;
    bool bad;
};

static struct span take(struct bytes *bytes, uint64_t len)
{
    struct span taken = span_from(bytes->rest.at, (size_t)len);
    if (len > bytes->rest.len) {
        bytes->bad = true;
        return span_from("", 0);
    }
    bytes->rest = span_from(bytes->rest.at + len, bytes->rest.len - (size_t)len);
    return taken;
}

static uint64_t take_number(struct bytes *bytes)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 70 && !bytes->bad; shift += 7) {
        struct span one = take(bytes, 1);
        unsigned char byte = one.len ? (unsigned char)one.at[0] : 0;
        value |= (uint64_t)(byte & 0x7f) << (shift < 64 ? shift : 63);
        if (byte < 0x80)
            return value;
    }
    bytes->bad = true;
    return 0;
}

static int64_t take_signed(struct bytes *bytes)
{
    uint64_t folded = take_number(bytes);
    return (int64_t)(folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0));
}

static struct span take_text(struct bytes *bytes)
{
    return take(bytes, take_number(bytes));
}

static size_t take_count(struct bytes *bytes, size_t most)
{
    uint64_t count = take_number(bytes);
    if (count > most)
        bytes->bad = true;
    return bytes->bad ? 0 : (size_t)count;
}

static void take_fact(struct bytes *bytes, struct window_fact *fact, int64_t before_ms)
{
    uint64_t shape = take_number(bytes);
    *fact = (struct window_fact){.counts = shape & FACT_COUNTS, .answer = shape & FACT_ANSWERS};
    fact->time_ms = plus(before_ms, take_signed(bytes));
    fact->revision.received_ms = plus(fact->time_ms, take_signed(bytes));
    if (shape & FACT_SOURCE)
        fact->revision.source = take_number(bytes);
    fact->arrived_ms =
        shape & FACT_AGAIN ? plus(fact->time_ms, take_signed(bytes)) : fact->revision.received_ms;
    if (shape & FACT_VALUE)
        fact->value = plus(fact->time_ms, take_signed(bytes));
    if (shape & FACT_DISTINCT) {
        struct span raw = take(bytes, sizeof fact->distinct);
        if (raw.len)
            memcpy(&fact->distinct, raw.at, sizeof fact->distinct);
    }
    fact->id = take_text(bytes);
    fact->subject = take_text(bytes);
}

static int64_t take_moment(struct bytes *bytes, int flags, int flag)
{
    return flags & flag ? take_signed(bytes) : TIMESTAMP_NONE;
}

static struct span take_name(struct bytes *bytes)
{
    uint64_t n = take_number(bytes);
    if (n > ARRAY_LENGTH(names))
        bytes->bad = true;
    return n == 0 || bytes->bad ? take_text(bytes) : names[n - 1];
}

/* A number's digits stand in the window, which outlives its bytes. */
static struct span take_value(struct bytes *bytes, char digits[SPAN_DECIMAL])
{
    uint64_t head = take_number(bytes);
    return head & 1 ? span_decimal(digits, (int64_t)(head >> 1)) : take(bytes, head >> 1);
}

static void take_texts(struct bytes *bytes, struct window *window)
{
    int64_t newest_ms = window->fact_count ? window->facts[window->fact_count - 1].time_ms : 0;
    window->texts_ms = plus(newest_ms, take_signed(bytes));
    window->text_count = take_count(bytes, TRIGGER_MOST_FIELDS);
    for (size_t i = 0; i < window->text_count; i++) {
        window->texts[i].name = take_name(bytes);
        window->texts[i].value = take_value(bytes, window->digits[i]);
    }
}

static void take_lists(struct bytes *bytes, struct window *window)
{
    int64_t before = 0;
    window->fact_count = take_count(bytes, WINDOW_MOST_FACTS);
    for (size_t i = 0; i < window->fact_count; before = window->facts[i++].time_ms)
        take_fact(bytes, &window->facts[i], before);
    window->fired_count = take_count(bytes, WINDOW_MOST_FIRED);
    for (size_t i = 0; i < window->fired_count; i++) {
        window->fired[i].start_ms = take_signed(bytes);
        window->fired[i].anchor_ms = plus(window->fired[i].start_ms, take_signed(bytes));
    }
    window->day_count = take_count(bytes, WINDOW_MOST_DAYS);
    for (size_t i = 0; i < window->day_count; i++) {
        window->days[i].day = take_signed(bytes);
        window->days[i].count = take_signed(bytes);
    }
}

bool window_read(struct window *window, struct span bytes, enum trigger_form *form)
{
    struct bytes left = {bytes, false};
    struct span head = take(&left, 3);
    window_init(window);
    if (left.bad || head.at[0] != VERSION || head.at[1] < 0 || head.at[1] >= TRIGGER_FORMS)
        return false;
    int flags = (unsigned char)head.at[2];
    *form = (enum trigger_form)head.at[1];
    window->held = flags & IS_HELD;
    window->due_ms = take_moment(&left, flags, HAS_DUE);
    window->run_ms = take_moment(&left, flags, HAS_RUN);
    window->pushed_ms = take_moment(&left, flags, HAS_PUSHED);
    take_lists(&left, window);
    if (flags & HAS_TEXTS)
        take_texts(&left, window);
    return !left.bad && left.rest.len == 0;
}
