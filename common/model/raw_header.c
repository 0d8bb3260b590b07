/* SPDX-License-Identifier: Apache-2.0 */
/* One codec for the header `cb`: raw's members first, the dead letter's after them. */
#include "model/raw_header.h"

static void add_text(struct strbuf *out, const char *name, struct span value)
{
    if (!value.at)
        return;
    strbuf_addf(out, ",\"%s\":", name);
    strbuf_add_json(out, value);
}

static void add_raw(struct strbuf *out, const struct raw_header *header)
{
    strbuf_add(out, SPAN("{\"v\":1"));
    add_text(out, "feed", header->feed);
    strbuf_addf(out, ",\"mapping\":%lld", (long long)header->mapping);
    add_text(out, "upload", header->upload);
    strbuf_addf(out, ",\"row\":%lld,\"rows\":%lld,\"offset\":%lld,\"received\":%lld",
                (long long)header->row, (long long)header->rows, (long long)header->byte_offset,
                (long long)header->received_ms);
    add_text(out, "ctype", header->content_type);
    add_text(out, "charset", header->charset);
    add_text(out, "verdict", header->verdict);
    add_text(out, "unit", header->unit);
    add_text(out, "replayof", header->replayof);
}

void raw_header_write(struct strbuf *out, const struct raw_header *header)
{
    add_raw(out, header);
    strbuf_add_char(out, '}');
}

enum reject raw_header_read(struct json_reader *reader, struct span json, struct arena *arena,
                            struct raw_header *header)
{
    const struct json_value *value;
    size_t bad_at;
    int64_t version = 0;
    *header = (struct raw_header){0};
    if (json.len > RAW_HEADER_MAX)
        return REJECT_TOO_LARGE;
    enum reject reject = json_read(reader, json, arena, &value, &bad_at);
    if (reject != REJECT_NONE)
        return reject;
    if (!json_int(value, "v", &version) || version != 1 ||
        !json_int(value, "received", &header->received_ms))
        return REJECT_EVENT;
    header->feed = json_text(value, "feed");
    header->upload = json_text(value, "upload");
    header->content_type = json_text(value, "ctype");
    header->charset = json_text(value, "charset");
    header->verdict = json_text(value, "verdict");
    header->unit = json_text(value, "unit");
    header->replayof = json_text(value, "replayof");
    json_int(value, "mapping", &header->mapping);
    json_int(value, "row", &header->row);
    json_int(value, "rows", &header->rows);
    json_int(value, "offset", &header->byte_offset);
    return REJECT_NONE;
}

void dead_header_write(struct strbuf *out, const struct dead_header *header)
{
    add_raw(out, &header->raw);
    add_text(out, "topic", header->topic);
    strbuf_addf(out, ",\"partition\":%lld,\"at\":%lld", (long long)header->partition,
                (long long)header->offset);
    add_text(out, "reason", span_of(reject_name(header->why.reject)));
    add_text(out, "pointer", span_of(header->why.pointer));
    strbuf_addf(out, ",\"column\":%ld,\"fault_offset\":%lld,\"attempts\":%lld", header->why.column,
                header->why.byte_offset, (long long)header->attempts);
    add_text(out, "disposition", header->disposition);
    strbuf_add_char(out, '}');
}
