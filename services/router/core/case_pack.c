/* SPDX-License-Identifier: Apache-2.0 */
/* A line, packed:
 *
 *   shape | stage | party | time since recorded | recorded since the line before | id | revision |
 *   unit | which attributes | each attribute
 *
 * Numbers are 7 bits a byte, signed ones folded (0, -1, 1, -2 ...). Ids as digest makes them are 16
 * bytes, hashes of revisions 8; what has another make is kept as text. A word is its number among
 * the shared ones, 0 and its text, or 1 and 16 bytes where it is made like an id (a pseudonym):
 * those are never shared, they would crowd out the others. An attribute that is the id of an
 * earlier line of the set (a cause) is that line's number. */
#include "router/core/case_pack.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/table.h"

enum {
    MOST_WORDS = 8192,
    MOST_WORD_BYTES = 48,
    ID_BYTES = 16,
    HASH_BYTES = 8,
    NUMBER_TEXT = 16, /* room for 64 bits in base 36 */
};

enum { WORD_TEXT, WORD_ID, WORD_FIRST };

enum shape {
    SHAPE_LIVE = 1,
    SHAPE_ID = 2,       /* the id is 16 bytes */
    SHAPE_REVISION = 4, /* 0 . recorded ms . mapping . hash */
    SHAPE_UNIT = 8,
};

struct word {
    char *text; /* owned */
    uint32_t number;
};

struct case_words {
    struct table table;
    struct word *at[MOST_WORDS]; /* by number - WORD_FIRST */
    uint32_t count;
};

struct case_words *case_words_new(void)
{
    return xcalloc(1, sizeof(struct case_words));
}

void case_words_free(struct case_words *words)
{
    for (uint32_t i = 0; i < words->count; i++) {
        free(words->at[i]->text);
        free(words->at[i]);
    }
    table_fini(&words->table);
    free(words);
}

/* ---- writing ---- */

static void add_number(struct strbuf *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        strbuf_add_char(out, (char)(value | 0x80));
    strbuf_add_char(out, (char)value);
}

static uint64_t difference(int64_t a, int64_t b) /* wraps: every pair has one */
{
    uint64_t d = (uint64_t)a - (uint64_t)b;
    return d << 1 ^ (d >> 63 ? UINT64_MAX : 0);
}

static void add_text(struct strbuf *out, struct span text)
{
    add_number(out, text.len);
    strbuf_add(out, text);
}

/* Of base64url, by character: 1 + its value; 0 = none of it. */
static const unsigned char digit_of[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64};

/* 22 characters to 16 bytes; false when another text would give the same bytes. */
static bool shorten_id(struct span id, unsigned char bytes[ID_BYTES])
{
    uint32_t bits = 0;
    int have = 0, n = 0;
    if (id.len != DIGEST_ID_LEN)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        unsigned digit = digit_of[(unsigned char)id.at[i]];
        if (!digit)
            return false;
        bits = bits << 6 | (digit - 1);
        have += 6;
        if (have >= 8)
            bytes[n++] = (unsigned char)(bits >> (have -= 8));
    }
    return (bits & 0xf) == 0;
}

static void add_word(struct strbuf *out, struct span text, struct case_words *words)
{
    unsigned char id[ID_BYTES];
    if (shorten_id(text, id)) {
        add_number(out, WORD_ID);
        strbuf_add(out, span_from((const char *)id, sizeof id));
        return;
    }
    struct word *word = table_find(&words->table, text);
    if (!word && words->count < MOST_WORDS && text.len <= MOST_WORD_BYTES) {
        word = xcalloc(1, sizeof *word);
        word->text = xspandup(text);
        word->number = WORD_FIRST + words->count;
        words->at[words->count++] = word;
        table_add(&words->table, span_from(word->text, text.len), word);
    }
    add_number(out, word ? word->number : WORD_TEXT);
    if (!word)
        add_text(out, text);
}

static bool shorten_hash(struct span hex, unsigned char bytes[HASH_BYTES])
{
    if (hex.len != (size_t)2 * HASH_BYTES)
        return false;
    for (size_t i = 0; i < hex.len; i++) {
        char c = hex.at[i];
        int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0)
            return false;
        bytes[i / 2] = (unsigned char)(i % 2 ? bytes[i / 2] << 4 | value : value);
    }
    return true;
}

static bool shorten_revision(const struct case_line *line, uint64_t *mapping,
                             unsigned char hash[HASH_BYTES])
{
    uint64_t source, received;
    struct span rest = line->revision;
    return span_to_base36(span_cut(&rest, '.'), &source) && source == 0 && rest.at &&
           span_to_base36(span_cut(&rest, '.'), &received) && line->recorded_ms >= 0 &&
           received == (uint64_t)line->recorded_ms && rest.at &&
           span_to_base36(span_cut(&rest, '.'), mapping) && rest.at && shorten_hash(rest, hash);
}

/* 1 + the number of an earlier line with that id, or 0. */
static uint64_t line_with_id(const struct case_set *set, size_t before, struct span id)
{
    for (size_t i = 0; i < before; i++)
        if (span_equal(set->lines[i].id, id))
            return i + 1;
    return 0;
}

/* Every case says another; the shared words are for what many say. */
static bool is_text(int attribute)
{
    return attribute == CASE_DUE || attribute == CASE_CAUSE || attribute == CASE_PARENT ||
           attribute == CASE_CHILD || attribute == CASE_VIA;
}

static void add_attributes(struct strbuf *out, const struct case_set *set, size_t index,
                           struct case_words *words)
{
    const struct case_line *line = &set->lines[index];
    uint64_t which = 0;
    for (int i = 0; i < CASE_ATTRIBUTES; i++)
        which |= (uint64_t)(line->attribute[i].at != NULL) << i;
    add_number(out, which);
    for (int i = 0; i < CASE_ATTRIBUTES; i++) {
        struct span text = line->attribute[i];
        if (!text.at)
            continue;
        if (i == CASE_CAUSE) {
            uint64_t cause = line_with_id(set, index, text);
            add_number(out, cause);
            if (!cause)
                add_text(out, text);
        } else if (is_text(i)) {
            add_text(out, text);
        } else {
            add_word(out, text, words);
        }
    }
}

static void add_line(struct strbuf *out, const struct case_set *set, size_t index,
                     struct case_words *words)
{
    const struct case_line *line = &set->lines[index];
    unsigned char id[ID_BYTES], hash[HASH_BYTES];
    uint64_t mapping = 0;
    unsigned shape = line->live ? SHAPE_LIVE : 0;
    shape |= shorten_id(line->id, id) ? SHAPE_ID : 0;
    shape |= shorten_revision(line, &mapping, hash) ? SHAPE_REVISION : 0;
    shape |= line->unit.at ? SHAPE_UNIT : 0;
    strbuf_add_char(out, (char)shape);
    add_number(out, (uint64_t)line->stage);
    add_number(out, (uint64_t)line->party);
    add_number(out, difference(line->time_ms, line->recorded_ms));
    add_number(out, difference(line->recorded_ms, index ? set->lines[index - 1].recorded_ms : 0));
    if (shape & SHAPE_ID)
        strbuf_add(out, span_from((const char *)id, sizeof id));
    else
        add_text(out, line->id);
    if (shape & SHAPE_REVISION) {
        add_number(out, mapping);
        strbuf_add(out, span_from((const char *)hash, sizeof hash));
    } else {
        add_text(out, line->revision);
    }
    if (shape & SHAPE_UNIT)
        add_word(out, line->unit, words);
    add_attributes(out, set, index, words);
}

void case_pack_write(struct strbuf *out, const struct case_set *set, size_t from,
                     struct case_words *words)
{
    for (size_t i = from; i < set->count; i++)
        add_line(out, set, i, words);
}

/* ---- reading: only what was written above ---- */

struct reading {
    const unsigned char *at;
    const struct case_words *words;
    struct arena *arena;
    bool full;
};

static uint64_t take_number(struct reading *reading)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        unsigned char byte = *reading->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
}

static int64_t restore(int64_t base, uint64_t folded)
{
    return (int64_t)((uint64_t)base + (folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0)));
}

/* Borrows from the packed bytes, which may move: so into the arena. */
static struct span keep(struct reading *reading, struct span text)
{
    struct span copy = arena_copy(reading->arena, text);
    reading->full = reading->full || !copy.at;
    return copy;
}

static struct span take_text(struct reading *reading)
{
    uint64_t len = take_number(reading);
    struct span text = span_from((const char *)reading->at, len);
    reading->at += len;
    return keep(reading, text);
}

static struct span take_id(struct reading *reading)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char id[DIGEST_ID_LEN + 2];
    uint32_t bits = 0;
    int have = 0, n = 0;
    for (int i = 0; i < ID_BYTES; i++) {
        bits = bits << 8 | *reading->at++;
        for (have += 8; have >= 6;)
            id[n++] = digit[bits >> (have -= 6) & 0x3f];
    }
    id[n++] = digit[bits << (6 - have) & 0x3f];
    return keep(reading, span_from(id, (size_t)n));
}

static struct span take_word(struct reading *reading)
{
    uint64_t number = take_number(reading);
    if (number == WORD_TEXT)
        return take_text(reading);
    if (number == WORD_ID)
        return take_id(reading);
    return span_of(reading->words->at[number - WORD_FIRST]->text);
}

static size_t put_base36(char *text, uint64_t value)
{
    char reversed[NUMBER_TEXT];
    size_t n = 0, len = 0;
    do {
        reversed[n++] = "0123456789abcdefghijklmnopqrstuvwxyz"[value % 36];
        value /= 36;
    } while (value);
    while (n)
        text[len++] = reversed[--n];
    return len;
}

static struct span take_revision(struct reading *reading, int64_t recorded_ms)
{
    char text[2 * NUMBER_TEXT + 2 * HASH_BYTES + 8] = "0.";
    size_t len = 2;
    len += put_base36(text + len, (uint64_t)recorded_ms);
    text[len++] = '.';
    len += put_base36(text + len, take_number(reading));
    text[len++] = '.';
    for (int i = 0; i < HASH_BYTES; i++, reading->at++) {
        text[len++] = "0123456789abcdef"[*reading->at >> 4];
        text[len++] = "0123456789abcdef"[*reading->at & 0xf];
    }
    return keep(reading, span_from(text, len));
}

static void take_attributes(struct reading *reading, const struct case_set *set,
                            struct case_line *line)
{
    uint64_t which = take_number(reading);
    for (int i = 0; i < CASE_ATTRIBUTES; i++) {
        if (!(which >> i & 1))
            continue;
        uint64_t cause = i == CASE_CAUSE ? take_number(reading) : 0;
        if (cause)
            line->attribute[i] = set->lines[cause - 1].id;
        else
            line->attribute[i] = is_text(i) ? take_text(reading) : take_word(reading);
    }
}

static void take_line(struct reading *reading, struct case_set *set)
{
    struct case_line *line = &set->lines[set->count];
    unsigned shape = *reading->at++;
    *line = (struct case_line){.live = shape & SHAPE_LIVE};
    line->stage = (int)take_number(reading);
    line->party = (int)take_number(reading);
    uint64_t since_recorded = take_number(reading);
    line->recorded_ms = restore(set->count ? line[-1].recorded_ms : 0, take_number(reading));
    line->time_ms = restore(line->recorded_ms, since_recorded);
    line->id = shape & SHAPE_ID ? take_id(reading) : take_text(reading);
    line->revision =
        shape & SHAPE_REVISION ? take_revision(reading, line->recorded_ms) : take_text(reading);
    if (shape & SHAPE_UNIT)
        line->unit = take_word(reading);
    take_attributes(reading, set, line);
    set->count++;
}

bool case_pack_read(struct case_set *set, struct span packed, const struct case_words *words,
                    struct arena *arena)
{
    if (packed.len == 0)
        return true;
    struct reading reading = {(const unsigned char *)packed.at, words, arena, false};
    const unsigned char *end = reading.at + packed.len;
    while (reading.at < end && !reading.full) {
        if (!case_set_make_room(set, 1, arena))
            return false;
        take_line(&reading, set);
    }
    return !reading.full;
}
