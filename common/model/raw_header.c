/* SPDX-License-Identifier: Apache-2.0 */
/* One codec for the header `cb`: raw's members first, the dead letter's after them. */
#include "model/raw_header.h"

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

enum reject raw_header_read(struct json_reader *reader, struct span json, struct arena *arena,
                            struct raw_header *header)
{
    const struct json_value *value;
    size_t bad_at;
    struct span text[MEMBERS];
    int64_t version = 0;
    *header = (struct raw_header){0};
    if (json.len > RAW_HEADER_MAX)
        return REJECT_TOO_LARGE;
    enum reject reject = json_read(reader, json, arena, &value, &bad_at);
    if (reject != REJECT_NONE)
        return reject;
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

void dead_header_write(struct strbuf *out, const struct dead_header *header)
{
    add_raw(out, &header->raw);
    add_text(out, MEMBER("topic"), header->topic);
    add_int(out, MEMBER("partition"), header->partition);
    add_int(out, MEMBER("at"), header->offset);
    add_text(out, MEMBER("reason"), span_of(reject_name(header->why.reject)));
    add_text(out, MEMBER("pointer"), span_of(header->why.pointer));
    add_int(out, MEMBER("column"), header->why.column);
    add_int(out, MEMBER("fault_offset"), header->why.byte_offset);
    add_int(out, MEMBER("attempts"), header->attempts);
    add_text(out, MEMBER("disposition"), header->disposition);
    strbuf_add_char(out, '}');
}
