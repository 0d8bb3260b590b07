/* SPDX-License-Identifier: Apache-2.0 */
/* A set, packed:
 *
 *   version | each line
 *   shape | stage | party | time since recorded | recorded since the line before | id | revision |
 *   unit | which attributes | each attribute
 *
 * Numbers and texts are packed.h's; stages and parties are those of codes.csv. Ids as digest makes
 * them are 16 bytes, hashes of revisions 8; what has another make is kept as text, an attribute
 * with twice its length before it, or 1 and 16 bytes where it is made like an id (a pseudonym). An
 * attribute that is the id of an earlier line of the set (a cause) is that line's number. */
#include "router/core/case_pack.h"

#include "router/core/packed.h"

#define VERSION 2 /* a text begins with '1' */

enum {
    HASH_BYTES = 8,
    NUMBER_TEXT = 16, /* room for 64 bits in base 36 */
    FEW_BYTES = 48,   /* of a line: most have more */
};

enum shape {
    SHAPE_LIVE = 1,
    SHAPE_ID = 2,       /* the id is 16 bytes */
    SHAPE_REVISION = 4, /* 0 . recorded ms . mapping . hash */
    SHAPE_UNIT = 8,
};

/* The fields of codes.csv come first, so that attributes may be added behind the others. */
static int bit_of(int attribute)
{
    return attribute < CASE_FIELD ? attribute + CODES_MOST_FIELDS : attribute - CASE_FIELD;
}

static int attribute_of(int bit)
{
    return bit < CODES_MOST_FIELDS ? bit + CASE_FIELD : bit - CODES_MOST_FIELDS;
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

/* ---- writing ---- */

static void add_word(struct strbuf *out, struct span text)
{
    unsigned char id[PACKED_ID];
    if (packed_id(text, id)) {
        packed_add_number(out, 1);
        strbuf_add(out, span_from((const char *)id, sizeof id));
        return;
    }
    packed_add_number(out, (uint64_t)text.len << 1);
    strbuf_add(out, text);
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

static void add_attributes(struct strbuf *out, const struct case_set *set, size_t index)
{
    const struct case_line *line = &set->lines[index];
    uint64_t which = 0;
    for (int i = 0; i < CASE_ATTRIBUTES; i++)
        which |= (uint64_t)(line->attribute[i].at != NULL) << bit_of(i);
    packed_add_number(out, which);
    for (; which; which &= which - 1) {
        int attribute = attribute_of(__builtin_ctzll(which));
        struct span text = line->attribute[attribute];
        uint64_t cause = attribute == CASE_CAUSE ? line_with_id(set, index, text) : 0;
        if (attribute == CASE_CAUSE)
            packed_add_number(out, cause);
        if (!cause)
            add_word(out, text);
    }
}

static void add_line(struct strbuf *out, const struct case_set *set, size_t index)
{
    const struct case_line *line = &set->lines[index];
    unsigned char id[PACKED_ID], hash[HASH_BYTES];
    uint64_t mapping = 0;
    unsigned shape = line->live ? SHAPE_LIVE : 0;
    shape |= packed_id(line->id, id) ? SHAPE_ID : 0;
    shape |= shorten_revision(line, &mapping, hash) ? SHAPE_REVISION : 0;
    shape |= line->unit.at ? SHAPE_UNIT : 0;
    strbuf_add_char(out, (char)shape);
    packed_add_number(out, (uint64_t)line->stage);
    packed_add_number(out, (uint64_t)line->party);
    packed_add_signed(out, minus(line->time_ms, line->recorded_ms));
    packed_add_signed(out, minus(line->recorded_ms, index ? line[-1].recorded_ms : 0));
    if (shape & SHAPE_ID)
        strbuf_add(out, span_from((const char *)id, sizeof id));
    else
        packed_add_text(out, line->id);
    if (shape & SHAPE_REVISION) {
        packed_add_number(out, mapping);
        strbuf_add(out, span_from((const char *)hash, sizeof hash));
    } else {
        packed_add_text(out, line->revision);
    }
    if (shape & SHAPE_UNIT)
        add_word(out, line->unit);
    add_attributes(out, set, index);
}

void case_pack_write(struct strbuf *out, const struct case_set *set)
{
    if (set->count)
        strbuf_add_char(out, VERSION);
    for (size_t i = 0; i < set->count; i++)
        add_line(out, set, i);
}

/* ---- reading ---- */

struct reading {
    struct packed packed; /* in the arena: what it holds as it is may be borrowed */
    struct arena *arena;
    bool no_revisions;
};

/* Into the arena; absent when it is full. */
static struct span keep(struct reading *reading, struct span text)
{
    struct span copy = arena_copy(reading->arena, text);
    reading->packed.bad |= !copy.at;
    return copy;
}

static struct span take_id(struct reading *reading)
{
    char id[DIGEST_ID_LEN];
    struct span bytes = packed_take(&reading->packed, PACKED_ID);
    if (!bytes.len)
        return SPAN_NONE;
    packed_id_text(id, (const unsigned char *)bytes.at);
    return keep(reading, span_from(id, sizeof id));
}

static struct span take_word(struct reading *reading)
{
    uint64_t head = packed_take_number(&reading->packed);
    if (head & 1) {
        reading->packed.bad |= head != 1;
        return take_id(reading);
    }
    return packed_take(&reading->packed, head >> 1);
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
    if (reading->no_revisions) {
        (void)packed_take_number(&reading->packed);
        (void)packed_take(&reading->packed, HASH_BYTES);
        return SPAN_NONE;
    }
    char text[2 * NUMBER_TEXT + 2 * HASH_BYTES + 8] = "0.";
    size_t len = 2;
    len += put_base36(text + len, (uint64_t)recorded_ms);
    text[len++] = '.';
    len += put_base36(text + len, packed_take_number(&reading->packed));
    text[len++] = '.';
    struct span hash = packed_take(&reading->packed, HASH_BYTES);
    for (size_t i = 0; i < hash.len; i++) {
        text[len++] = "0123456789abcdef"[(unsigned char)hash.at[i] >> 4];
        text[len++] = "0123456789abcdef"[(unsigned char)hash.at[i] & 0xf];
    }
    return keep(reading, span_from(text, len));
}

static void take_attributes(struct reading *reading, const struct case_set *set,
                            struct case_line *line)
{
    uint64_t which = packed_take_number(&reading->packed);
    if (which >> CASE_ATTRIBUTES) {
        reading->packed.bad = true;
        return;
    }
    for (; which; which &= which - 1) {
        int attribute = attribute_of(__builtin_ctzll(which));
        uint64_t cause = attribute == CASE_CAUSE ? packed_take_number(&reading->packed) : 0;
        if (cause > set->count)
            reading->packed.bad = true;
        else
            line->attribute[attribute] = cause ? set->lines[cause - 1].id : take_word(reading);
    }
}

static int take_code(struct reading *reading)
{
    uint64_t number = packed_take_number(&reading->packed);
    reading->packed.bad |= number > INT32_MAX;
    return (int)number;
}

static void take_line(struct reading *reading, struct case_set *set)
{
    struct case_line *line = &set->lines[set->count];
    struct packed *packed = &reading->packed;
    unsigned shape = (unsigned)packed_take_number(packed);
    *line = (struct case_line){.live = shape & SHAPE_LIVE};
    line->stage = take_code(reading);
    line->party = take_code(reading);
    int64_t since_recorded = packed_take_signed(packed);
    line->recorded_ms = plus(set->count ? line[-1].recorded_ms : 0, packed_take_signed(packed));
    line->time_ms = plus(line->recorded_ms, since_recorded);
    line->id = shape & SHAPE_ID ? take_id(reading) : packed_take_text(packed);
    packed->bad |= !line->id.len;
    line->revision = shape & SHAPE_REVISION ? take_revision(reading, line->recorded_ms)
                                            : packed_take_text(packed);
    if (shape & SHAPE_UNIT)
        line->unit = take_word(reading);
    take_attributes(reading, set, line);
    set->count++;
}

bool case_pack_is(struct span packed)
{
    return packed.len && packed.at[0] == VERSION;
}

static bool read_set(struct case_set *set, struct span packed, struct arena *arena,
                     bool no_revisions)
{
    *set = (struct case_set){0};
    if (packed.len && !case_pack_is(packed))
        return false;
    size_t lines = 1 + packed.len / FEW_BYTES;
    struct reading reading = {{arena_copy(arena, packed), false}, arena, no_revisions};
    if (!case_set_make_room(set, lines < CASE_SET_MAX_LINES ? lines : CASE_SET_MAX_LINES, arena) ||
        (packed.at && !reading.packed.rest.at))
        return false;
    (void)packed_take(&reading.packed, packed.len > 0);
    while (reading.packed.rest.len && !reading.packed.bad) {
        if (set->count == CASE_SET_MAX_LINES || !case_set_make_room(set, 1, arena))
            return false;
        take_line(&reading, set);
    }
    return !reading.packed.bad;
}

bool case_pack_read(struct case_set *set, struct span packed, struct arena *arena)
{
    return read_set(set, packed, arena, false);
}

bool case_pack_read_to_fold(struct case_set *set, struct span packed, struct arena *arena)
{
    return read_set(set, packed, arena, true);
}
