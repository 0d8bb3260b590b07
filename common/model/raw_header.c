/* SPDX-License-Identifier: Apache-2.0 */
/* One codec for the header `cb`: raw's members first, the dead letter's after them. */
#include "model/raw_header.h"

#include <string.h>

#include "base/utf8.h"

#define MEMBER(name) SPAN(",\"" name "\":")

static void add_text(struct strbuf *out, struct span member, struct span value)
{
    if (!value.at)
        return;
    strbuf_add(out, member);
    strbuf_add_json(out, value);
}

static void add_int(struct strbuf *out, struct span member, int64_t value)
{
    strbuf_add(out, member);
    strbuf_add_int(out, value);
}

static void add_raw(struct strbuf *out, const struct raw_header *header)
{
    strbuf_add(out, SPAN("{\"v\":1"));
    add_text(out, MEMBER("feed"), header->feed);
    add_int(out, MEMBER("mapping"), header->mapping);
    add_text(out, MEMBER("upload"), header->upload);
    add_int(out, MEMBER("row"), header->row);
    add_int(out, MEMBER("rows"), header->rows);
    add_int(out, MEMBER("offset"), header->byte_offset);
    add_int(out, MEMBER("received"), header->received_ms);
    add_text(out, MEMBER("ctype"), header->content_type);
    add_text(out, MEMBER("charset"), header->charset);
    add_text(out, MEMBER("verdict"), header->verdict);
    add_text(out, MEMBER("unit"), header->unit);
    add_text(out, MEMBER("replayof"), header->replayof);
}

void raw_header_write(struct strbuf *out, const struct raw_header *header)
{
    add_raw(out, header);
    strbuf_add_char(out, '}');
}

/* In the order in which add_raw writes them. */
enum member {
    V,
    FEED,
    MAPPING,
    UPLOAD,
    ROW,
    ROWS,
    OFFSET,
    RECEIVED,
    CTYPE,
    CHARSET,
    VERDICT,
    UNIT,
    REPLAYOF,
    MEMBERS
};

#define NAME(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
static const struct span members[MEMBERS] = {
    NAME("v"),       NAME("feed"),   NAME("mapping"),  NAME("upload"), NAME("row"),
    NAME("rows"),    NAME("offset"), NAME("received"), NAME("ctype"),  NAME("charset"),
    NAME("verdict"), NAME("unit"),   NAME("replayof"),
};

/* A header as add_raw writes it: in this order, without blanks and escapes. False, and nothing is
 * known, where it looks otherwise; the JSON reader has the last word on that. */
struct own {
    const char *at, *end;
};

static bool own_is(struct own *own, struct span text)
{
    if ((size_t)(own->end - own->at) < text.len || memcmp(own->at, text.at, text.len) != 0)
        return false;
    own->at += text.len;
    return true;
}

static bool own_text(struct own *own, struct span member, struct span *text)
{
    *text = SPAN_NONE;
    if (!own_is(own, member))
        return true;
    if (!own_is(own, SPAN("\"")))
        return false;
    *text = span_from(own->at, span_plain(span_from(own->at, (size_t)(own->end - own->at))));
    own->at += text->len;
    return own_is(own, SPAN("\""));
}

/* Of a number JSON knows too: no zero in front, and short enough not to run over. */
static bool own_int(struct own *own, struct span member, int64_t *value)
{
    *value = 0;
    if (!own_is(own, member))
        return true;
    bool below = own_is(own, SPAN("-"));
    const char *begin = own->at;
    while (own->at < own->end && *own->at >= '0' && *own->at <= '9' && own->at - begin < 18)
        *value = *value * 10 + (*own->at++ - '0');
    *value = below ? -*value : *value;
    return own->at > begin && (*begin != '0' || own->at == begin + 1);
}

static bool read_own(struct span json, struct raw_header *header)
{
    struct own own = {json.at, json.at + json.len};
    return own_is(&own, SPAN("{\"v\":1")) && own_text(&own, MEMBER("feed"), &header->feed) &&
           own_int(&own, MEMBER("mapping"), &header->mapping) &&
           own_text(&own, MEMBER("upload"), &header->upload) &&
           own_int(&own, MEMBER("row"), &header->row) &&
           own_int(&own, MEMBER("rows"), &header->rows) &&
           own_int(&own, MEMBER("offset"), &header->byte_offset) &&
           own_is(&own, MEMBER("received")) && own_int(&own, SPAN(""), &header->received_ms) &&
           own_text(&own, MEMBER("ctype"), &header->content_type) &&
           own_text(&own, MEMBER("charset"), &header->charset) &&
           own_text(&own, MEMBER("verdict"), &header->verdict) &&
           own_text(&own, MEMBER("unit"), &header->unit) &&
           own_text(&own, MEMBER("replayof"), &header->replayof) && own_is(&own, SPAN("}")) &&
           own.at == own.end && utf8_is_valid(json);
}

static enum reject take_raw(const struct json_value *value, struct raw_header *header)
{
    struct span text[MEMBERS];
    int64_t version = 0;
    json_texts(value, members, MEMBERS, text);
    if (!span_to_int64(text[V], &version) || version != 1 ||
        !span_to_int64(text[RECEIVED], &header->received_ms))
        return REJECT_EVENT;
    header->feed = text[FEED];
    header->upload = text[UPLOAD];
    header->content_type = text[CTYPE];
    header->charset = text[CHARSET];
    header->verdict = text[VERDICT];
    header->unit = text[UNIT];
    header->replayof = text[REPLAYOF];
    (void)span_to_int64(text[MAPPING], &header->mapping); /* 0 where it is not said */
    (void)span_to_int64(text[ROW], &header->row);
    (void)span_to_int64(text[ROWS], &header->rows);
    (void)span_to_int64(text[OFFSET], &header->byte_offset);
    return REJECT_NONE;
}

static enum reject read_any(struct json_reader *reader, struct span json, struct arena *arena,
                            struct raw_header *header)
{
    const struct json_value *value;
    size_t bad_at;
    enum reject reject = json_read(reader, json, arena, &value, &bad_at);
    return reject == REJECT_NONE ? take_raw(value, header) : reject;
}

enum reject raw_header_read(struct json_reader *reader, struct span json, struct arena *arena,
                            struct raw_header *header)
{
    *header = (struct raw_header){0};
    if (json.len > RAW_HEADER_MAX)
        return REJECT_TOO_LARGE;
    if (json.len > 0 && read_own(json, header))
        return REJECT_NONE;
    *header = (struct raw_header){0};
    return read_any(reader, json, arena, header);
}

void dead_header_write(struct strbuf *out, const struct dead_header *header)
{
    add_raw(out, &header->raw);
    add_text(out, MEMBER("topic"), header->topic);
    add_int(out, MEMBER("partition"), header->partition);
    add_int(out, MEMBER("at"), header->offset);
    add_text(out, MEMBER("record"), header->record);
    add_text(out, MEMBER("reason"), span_of(reject_name(header->why.reject)));
    add_text(out, MEMBER("pointer"), span_of(header->why.pointer));
    add_int(out, MEMBER("column"), header->why.column);
    add_int(out, MEMBER("fault_offset"), header->why.byte_offset);
    add_int(out, MEMBER("attempts"), header->attempts);
    add_text(out, MEMBER("disposition"), header->disposition);
    strbuf_add_char(out, '}');
}

static void take_why(const struct json_value *value, struct reject_place *why)
{
    int64_t column = 0, byte_offset = -1;
    (void)json_int(value, "column", &column);
    (void)json_int(value, "fault_offset", &byte_offset);
    *why = (struct reject_place){.reject = reject_find(json_text(value, "reason")),
                                 .column = (long)column,
                                 .byte_offset = byte_offset};
    span_to_cstr(json_text(value, "pointer"), why->pointer, sizeof why->pointer);
}

enum reject dead_header_read(struct json_reader *reader, struct span json, struct arena *arena,
                             struct dead_header *header)
{
    const struct json_value *value;
    size_t bad_at;
    *header = (struct dead_header){0};
    if (json.len > DEAD_HEADER_MAX)
        return REJECT_TOO_LARGE;
    enum reject reject = json_read(reader, json, arena, &value, &bad_at);
    if (reject == REJECT_NONE)
        reject = take_raw(value, &header->raw);
    if (reject != REJECT_NONE)
        return reject;
    header->topic = json_text(value, "topic");
    header->record = json_text(value, "record");
    header->disposition = json_text(value, "disposition");
    (void)json_int(value, "partition", &header->partition);
    (void)json_int(value, "at", &header->offset);
    (void)json_int(value, "attempts", &header->attempts);
    take_why(value, &header->why);
    return header->topic.len ? REJECT_NONE : REJECT_EVENT;
}

int64_t dead_header_attempt(struct span redriven)
{
    int64_t attempt = 1;
    struct span rest = redriven;
    while (span_find(rest, '/') >= 0)
        (void)span_cut(&rest, '/');
    return rest.len && span_to_int64(rest, &attempt) && attempt > 0 ? attempt : 1;
}
