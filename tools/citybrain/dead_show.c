/* SPDX-License-Identifier: Apache-2.0 */
/* The object that --json prints is what the page for people is made of. */
#include "citybrain/dead_show.h"

#include "base/timestamp.h"
#include "base/utf8.h"

#define MOST_BYTES ((size_t)16 << 20)

static void add_text(struct strbuf *out, const char *name, struct span value)
{
    strbuf_addf(out, "%s\"%s\":", out->at[out->len - 1] == '{' ? "" : ",", name);
    if (value.at)
        strbuf_add_json(out, value);
    else
        strbuf_add(out, SPAN("null"));
}

static void add_sentences(struct strbuf *out, int64_t row, const struct reject_place *why)
{
    char text[REJECT_SENTENCE];
    add_text(out, "zh", reject_say(text, LANGUAGE_CHINESE, row, why));
    add_text(out, "en", reject_say(text, LANGUAGE_ENGLISH, row, why));
}

static void write_today(struct strbuf *out, const struct dead_letter *letter,
                        const struct dead_verdict *verdict)
{
    static const char *const fates[] = {"accepted", "rejected", "left"};
    strbuf_addf(out, ",\"today\":{\"fate\":\"%s\",\"mapping\":%lld", fates[verdict->fate],
                (long long)verdict->header.mapping);
    if (verdict->fate == DEAD_LEFT)
        add_text(out, "why", span_of(verdict->left));
    if (verdict->fate == DEAD_REJECTED) {
        add_text(out, "reason", span_of(reject_name(verdict->why.reject)));
        add_sentences(out, letter->header.raw.row, &verdict->why);
    }
    strbuf_add(out, SPAN(",\"tells\":["));
    for (size_t i = 0; i < verdict->told_count; i++) {
        strbuf_add(out, i ? SPAN(",{") : SPAN("{"));
        add_text(out, "stage", verdict->told[i].stage);
        add_text(out, "subject", verdict->told[i].subject);
        add_text(out, "id", verdict->told[i].id);
        strbuf_add_char(out, '}');
    }
    strbuf_add(out, SPAN("]}"));
}

static void write_bytes(struct strbuf *out, struct span value)
{
    if (!value.at || utf8_is_valid(value)) {
        add_text(out, "value", value);
        return;
    }
    strbuf_add(out, SPAN(",\"value_hex\":\""));
    for (size_t i = 0; i < value.len; i++)
        strbuf_addf(out, "%02x", (unsigned char)value.at[i]);
    strbuf_add_char(out, '"');
}

static void write_letter(struct strbuf *out, struct dead_try *trial,
                         const struct dead_letter *letter, bool bytes)
{
    struct dead_verdict verdict;
    char text[40];
    struct strbuf time = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    dead_try_letter(trial, letter, &verdict);
    timestamp_add_rfc3339(&time, letter->at_ms);
    strbuf_addf(out, "{\"place\":\"%d/%lld\"", (int)letter->partition, (long long)letter->offset);
    add_text(out, "at", strbuf_span(&time));
    add_text(out, "key", letter->key.at && utf8_is_valid(letter->key) ? letter->key : SPAN_NONE);
    add_sentences(out, letter->header.raw.row, &letter->header.why);
    strbuf_addf(out, ",\"header\":%.*s", SPAN_ARG(letter->cb));
    strbuf_addf(out, ",\"bytes\":%zu", letter->value.len);
    if (bytes)
        write_bytes(out, letter->value);
    write_today(out, letter, &verdict); /* before its texts are gone */
    dead_try_explain(trial, letter, &verdict, out);
    strbuf_add_char(out, '}');
}

/* ---- for people ---- */

static void line(FILE *out, const char *label, const struct json_value *object, const char *member)
{
    struct span text = json_text(object, member);
    if (text.len)
        fprintf(out, "%s\t%.*s\n", label, SPAN_ARG(text));
}

static void show_cells(const struct json_value *root, FILE *out)
{
    const struct json_value *cells = json_get(root, SPAN("cells"));
    for (const struct json_value *cell = cells ? cells->first : NULL; cell; cell = cell->next) {
        struct span withheld = json_text(cell, "withheld"), text = json_text(cell, "text");
        fprintf(out, "  %.*s\t", SPAN_ARG(json_text(cell, "column")));
        if (withheld.at)
            fprintf(out, "(%.*s 字不显示 withheld)\n", SPAN_ARG(withheld));
        else
            fprintf(out, "%.*s\n", SPAN_ARG(text.at ? text : SPAN("-")));
    }
}

static void show_today(const struct json_value *today, FILE *out)
{
    struct span fate = json_text(today, "fate"), why = json_text(today, "why");
    const struct json_value *tells = json_get(today, SPAN("tells"));
    fprintf(out, "今天 today\t%.*s, 第 %.*s 版映射 mapping version%s%.*s\n", SPAN_ARG(fate),
            SPAN_ARG(json_text(today, "mapping")), why.len ? ": " : "", SPAN_ARG(why));
    line(out, "", today, "zh");
    line(out, "", today, "en");
    for (const struct json_value *one = tells ? tells->first : NULL; one; one = one->next)
        fprintf(out, "\t%.*s  %.*s  id %.*s\n", SPAN_ARG(json_text(one, "stage")),
                SPAN_ARG(json_text(one, "subject")), SPAN_ARG(json_text(one, "id")));
}

static void show_page(const struct json_value *root, struct span value, bool bytes, FILE *out)
{
    const struct json_value *header = json_get(root, SPAN("header"));
    line(out, "死信 letter", root, "place");
    line(out, "时间 at", root, "at");
    line(out, "数据源 feed", header, "feed");
    line(out, "原处 topic", header, "topic");
    line(out, "  分区 partition", header, "partition");
    line(out, "  位置 offset", header, "at");
    line(out, "上传 upload", header, "upload");
    line(out, "  行 row", header, "row");
    line(out, "编号 record", header, "record");
    line(out, "原因 reason", header, "reason");
    line(out, "", root, "zh");
    line(out, "", root, "en");
    line(out, "尝试 attempts", header, "attempts");
    line(out, "处置 disposition", header, "disposition");
    show_today(json_get(root, SPAN("today")), out);
    show_cells(root, out);
    fprintf(out, "字节 bytes\t%zu%s\n", value.len,
            bytes ? "" : "; --reveal --as NAME --reason TEXT shows them, and is audited");
    if (bytes) {
        fwrite(value.at ? value.at : "", 1, value.len, out);
        fputc('\n', out);
    }
}

void dead_show(struct dead_try *trial, const struct dead_letter *letter, bool bytes, bool json,
               FILE *out)
{
    struct strbuf text;
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    const struct json_value *root = NULL;
    size_t bad_at;
    strbuf_init(&text, 65536, MOST_BYTES);
    write_letter(&text, trial, letter, bytes);
    arena_init(&arena, 8 * text.len + (1 << 20));
    if (json)
        fprintf(out, "%s\n", text.at);
    else if (json_read(reader, strbuf_span(&text), &arena, &root, &bad_at) == REJECT_NONE)
        show_page(root, letter->value, bytes, out);
    arena_fini(&arena);
    json_reader_free(reader);
    strbuf_fini(&text);
}
