/* SPDX-License-Identifier: Apache-2.0 */
/* The stages are not told apart here: each member is asked of the code that does the work, door,
 * normaliser and carrier. */
#include "citybrain/explain_record.h"

#include "base/csv.h"
#include "citybrain/carrier.h"
#include "ingest/core/explain.h"
#include "ingest/core/raw_item.h"
#include "model/case_line.h"
#include "model/event.h"

#define BAD_BYTES_SHOWN 8
#define ROUTER_SOURCE   "/router"

void explain_record_init(struct explain_record *record, const struct bundle *bundle,
                         size_t max_bytes)
{
    record->bundle = bundle;
    normalise_init(&record->normalise, bundle->feeds, bundle->kinds);
    raw_item_init(&record->item, max_bytes);
}

void explain_record_fini(struct explain_record *record)
{
    normalise_fini(&record->normalise);
    raw_item_fini(&record->item);
}

static void add_text(struct strbuf *out, const char *name, struct span text)
{
    strbuf_addf(out, ",\"%s\":", name);
    strbuf_add_json(out, text);
}

static void add_int(struct strbuf *out, const char *name, int64_t value)
{
    strbuf_addf(out, ",\"%s\":", name);
    strbuf_add_int(out, value);
}

static void write_frame(const struct explain_record *record, const struct upload *upload,
                        const struct framing_item *framed, struct strbuf *out)
{
    static const char *const formats[] = {"csv", "ndjson", "json", "cloudevents"};
    strbuf_add(out, SPAN("{\"feed\":"));
    strbuf_add_json(out, span_of(upload->feed->id));
    add_text(out, "name", span_of(upload->feed->name));
    add_int(out, "mapping", upload->mapping->version);
    add_text(out, "format", span_of(formats[upload->mapping->format]));
    add_text(out, "file", span_of(record->path));
    add_int(out, "row", framed->row);
    add_int(out, "byte_offset", framed->byte_offset);
    add_int(out, "bytes", (int64_t)framed->body.len);
}

static void write_charset(struct explain_record *record, const struct upload *upload,
                          const struct framing_item *framed, struct strbuf *out)
{
    struct normalise *normalise = &record->normalise;
    enum charset charset = decode_charset(upload->mapping, upload->header.charset);
    struct span text;
    size_t bad_at = 0;
    strbuf_addf(out, ",\"charset\":{\"name\":\"%s\"", charset_name(charset));
    if (charset_to_utf8(normalise->decode.converter, charset, framed->body, &normalise->arena,
                        &text, &bad_at) == CHARSET_BAD_BYTES) {
        add_int(out, "bad_at", (int64_t)bad_at);
        strbuf_add(out, SPAN(",\"bad_bytes\":\""));
        for (size_t i = bad_at; i < framed->body.len && i < bad_at + BAD_BYTES_SHOWN; i++)
            strbuf_addf(out, "%s%02x", i > bad_at ? " " : "", (unsigned char)framed->body.at[i]);
        strbuf_add_char(out, '"');
    } else {
        add_int(out, "utf8_bytes", (int64_t)text.len);
    }
    strbuf_add_char(out, '}');
}

static void write_verdict(const struct raw_item *item, const struct framing_item *framed,
                          struct strbuf *out)
{
    char text[REJECT_SENTENCE];
    const struct reject_place *why = &item->why;
    bool rejected = why->reject != REJECT_NONE;
    strbuf_addf(out, ",\"verdict\":{\"reason\":\"%s\"", reject_name(why->reject));
    add_text(out, "zh",
             rejected ? reject_say(text, LANGUAGE_CHINESE, framed->row, why)
                      : span_of(reject_chinese(REJECT_NONE)));
    add_text(out, "en",
             rejected ? reject_say(text, LANGUAGE_ENGLISH, framed->row, why)
                      : span_of(reject_english(REJECT_NONE)));
    if (rejected) {
        add_text(out, "pointer", span_of(why->pointer));
        add_int(out, "column", why->column);
        add_int(out, "byte_offset", item->offset);
    }
    strbuf_add_char(out, '}');
}

/* Columns of a CSV header that no field names. */
static void write_unmapped(struct explain_record *record, const struct upload *upload,
                           const struct framing_item *framed, struct strbuf *out)
{
    struct normalise *normalise = &record->normalise;
    struct decode *decode = &normalise->decode;
    struct span text, names[MAPPING_MAX_COLUMNS];
    size_t count = 0, bad_at, shown = 0;
    enum charset charset = decode_charset(upload->mapping, upload->header.charset);
    struct csv_form form = decode_csv_form(upload->mapping, charset);
    if (framed->header.at == NULL || record->item.why.reject == REJECT_HEADER ||
        charset_to_utf8(decode->converter, charset, framed->header, &normalise->arena, &text,
                        &bad_at) != CHARSET_OK ||
        csv_split(text, form.separator, names, MAPPING_MAX_COLUMNS, &count, &normalise->arena) !=
            CSV_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        if (decode->column_of[i] >= 0)
            continue;
        strbuf_add(out, shown++ ? SPAN(",") : SPAN(",\"unmapped\":["));
        strbuf_add_json(out, span_trim(names[i]));
    }
    if (shown)
        strbuf_add_char(out, ']');
}

struct router_watch {
    struct explain_record *record;
    struct strbuf *out, lines;
    struct arena arena;
};

/* As router and aggregator keep the event in its case's set. */
static void take_event(void *context, struct span json)
{
    struct router_watch *watch = context;
    const struct codes *codes = watch->record->bundle->codes;
    struct event event;
    struct case_line line;
    struct strbuf text;
    arena_reset(&watch->arena);
    if (event_read(watch->record->normalise.decode.reader, json, &watch->arena, &event) !=
            REJECT_NONE ||
        event.family != EVENT_CASE ||
        case_line_of_event(&event, codes, &watch->arena, &line) != REJECT_NONE)
        return;
    strbuf_init(&text, 256, 1 << 16);
    case_line_write(&text, &line, codes);
    if (watch->lines.len > 0)
        strbuf_add_char(&watch->lines, ',');
    strbuf_add_json(&watch->lines, strbuf_span(&text));
    strbuf_fini(&text);
}

static void take_order(void *context, struct span json)
{
    struct router_watch *watch = context;
    if (watch->out->at[watch->out->len - 1] != '[')
        strbuf_add_char(watch->out, ',');
    strbuf_add(watch->out, json);
}

static void write_router(struct explain_record *record, const struct upload *upload,
                         struct strbuf *out)
{
    struct router_watch watch = {.record = record, .out = out};
    struct carrier_watch carried = {.context = &watch, .event = take_event, .order = take_order};
    struct carrier *carrier = carrier_new(record->bundle, &carried);
    int64_t now_ms = upload->header.received_ms;
    struct error error = {0};
    strbuf_init(&watch.lines, 256, 1 << 20);
    arena_init(&watch.arena, 1 << 20);
    strbuf_add(out, SPAN(",\"orders\":["));
    carrier_tick(carrier, now_ms);
    carrier_take_raw(carrier, span_of(record->item.key), strbuf_span(&record->item.value),
                     strbuf_span(&record->item.header), now_ms);
    (void)carrier_finish(carrier, &error); /* no view is shown */
    strbuf_add(out, SPAN("],\"lines\":["));
    strbuf_add(out, strbuf_span(&watch.lines));
    strbuf_add(out, SPAN("]}"));
    arena_fini(&watch.arena);
    strbuf_fini(&watch.lines);
    carrier_free(carrier);
}

enum reject explain_record_write(struct explain_record *record, const struct upload *upload,
                                 const struct framing_item *framed, struct strbuf *out)
{
    struct normalise *normalise = &record->normalise;
    struct normalise_result result;
    struct raw_header header = upload->header;
    size_t before;
    raw_item_make(&record->item, &upload->header, upload->feed, framed, normalise);
    write_frame(record, upload, framed, out);
    write_charset(record, upload, framed, out);
    write_verdict(&record->item, framed, out);

    arena_reset(&normalise->arena);
    header.row = framed->row;
    header.byte_offset = framed->byte_offset;
    normalise_item(normalise, &header, strbuf_span(&record->item.value), &result);
    strbuf_add_char(out, ',');
    before = out->len;
    explain_write(normalise, upload->feed, &header, strbuf_span(&record->item.value), &result,
                  record->private_too, out);
    if (out->len == before)
        out->len--; /* it had no cells */
    else
        write_unmapped(record, upload, framed, out);
    write_router(record, upload, out);
    return record->item.why.reject;
}
