/* SPDX-License-Identifier: Apache-2.0 */
/* Names are padded by the columns a terminal gives them: a Chinese character takes two. */
#include "citybrain/explain_text.h"

#include <string.h>

#define NAME_WIDTH  16
#define VALUE_WIDTH 28

struct words {
    const char *code, *zh;
};

static const char *chinese(const char *code)
{
    static const struct words list[] = {
        {"public", "公开"}, {"mask", "遮盖"},  {"pseudonym", "假名"},   {"contact", "联系"},
        {"drop", "丢弃"},   {"words", "词表"}, {"table", "码表"},       {"date", "日期"},
        {"range", "范围"},  {"case", "事项"},  {"observation", "观测"}, {"registry", "登记"},
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (strcmp(list[i].code, code) == 0)
            return list[i].zh;
    return "";
}

/* Columns of a terminal. */
static int width(struct span text)
{
    int columns = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        columns += (c & 0xC0) != 0x80;
        columns += c >= 0xE1; /* wide: all that a feed's columns are written with */
    }
    return columns;
}

static void put(FILE *out, struct span text, int least)
{
    for (size_t i = 0; i < text.len; i++)
        fputc((unsigned char)text.at[i] < 0x20 ? ' ' : text.at[i], out);
    for (int i = width(text); i < least; i++)
        fputc(' ', out);
}

static struct span said(const struct json_value *object, const char *name)
{
    return json_text(object, name);
}

static bool is_true(const struct json_value *object, const char *name)
{
    const struct json_value *value = json_get(object, span_of(name));
    return value && value->type == JSON_BOOL && value->truth;
}

static void head(FILE *out, int number, const char *zh, const char *en)
{
    fprintf(out, "\n%d %s %s\n", number, zh, en);
}

static void show_frame(const struct json_value *root, FILE *out)
{
    fprintf(out, "数据源 feed  %.*s %.*s, 第 %.*s 版映射 mapping version, %.*s\n",
            SPAN_ARG(said(root, "feed")), SPAN_ARG(said(root, "name")),
            SPAN_ARG(said(root, "mapping")), SPAN_ARG(said(root, "format")));
    head(out, 1, "分帧", "frame");
    fprintf(out, "  第 %.*s 行 row, 文件第 %.*s 字节起 from byte, %.*s 字节 bytes\n",
            SPAN_ARG(said(root, "row")), SPAN_ARG(said(root, "byte_offset")),
            SPAN_ARG(said(root, "bytes")));
    const struct json_value *charset = json_get(root, SPAN("charset"));
    head(out, 2, "字符集", "charset");
    fprintf(out, "  %.*s", SPAN_ARG(said(charset, "name")));
    if (said(charset, "utf8_bytes").at)
        fprintf(out, " → utf-8, %.*s 字节 bytes\n", SPAN_ARG(said(charset, "utf8_bytes")));
    else
        fprintf(out, ": 第 %.*s 字节无法识别 cannot be read at this byte of the row: %.*s\n",
                SPAN_ARG(said(charset, "bad_at")), SPAN_ARG(said(charset, "bad_bytes")));
}

/* A cell's text, or that it is not shown; "-" where it has none. */
static void put_text(const struct json_value *cell, FILE *out, int least)
{
    char text[96];
    struct span withheld = said(cell, "withheld"), shown = said(cell, "text");
    if (withheld.at) {
        snprintf(text, sizeof text, "(%.*s 字不显示 withheld)", SPAN_ARG(withheld));
        shown = span_of(text);
    }
    put(out, shown.at ? shown : SPAN("-"), least);
}

static void show_cells(const struct json_value *root, FILE *out)
{
    const struct json_value *cells = json_get(root, SPAN("cells"));
    head(out, 3, "单元格", "cells");
    if (!cells) {
        fputs("  未能切分 could not be made out: 见判定 see the verdict\n", out);
        return;
    }
    for (const struct json_value *cell = cells->first; cell; cell = cell->next) {
        fputs("  ", out);
        if (said(cell, "number").at)
            fprintf(out, "%3.*s ", SPAN_ARG(said(cell, "number")));
        put(out, said(cell, "column"), NAME_WIDTH);
        fputs("  ", out);
        put_text(cell, out, 0);
        fputs(is_true(cell, "missing") && said(cell, "text").at ? "  (视为空 counts as missing)\n"
                                                                : "\n",
              out);
    }
    const struct json_value *others = json_get(root, SPAN("unmapped"));
    for (const struct json_value *one = others ? others->first : NULL; one; one = one->next)
        fprintf(out, "      %.*s  (未映射,丢弃 not mapped: dropped)\n", SPAN_ARG(one->text));
}

static void show_verdict(const struct json_value *root, FILE *out)
{
    const struct json_value *verdict = json_get(root, SPAN("verdict"));
    head(out, 4, "判定", "verdict");
    fprintf(out, "  %.*s  %.*s\n", SPAN_ARG(said(verdict, "reason")),
            SPAN_ARG(said(verdict, "zh")));
    fprintf(out, "  %.*s\n", SPAN_ARG(said(verdict, "en")));
    if (said(verdict, "byte_offset").at)
        fprintf(out, "  文件第 %.*s 字节 byte of the file\n",
                SPAN_ARG(said(verdict, "byte_offset")));
}

static void show_field(const struct json_value *field, FILE *out)
{
    char field_class[32], by[64] = "";
    span_to_cstr(said(field, "class"), field_class, sizeof field_class);
    span_to_cstr(said(field, "by"), by, sizeof by);
    struct span value = said(field, "value"), constant = said(field, "const");
    constant = constant.at ? constant : said(field, "default");
    fputs("      ", out);
    put(out, said(field, "field"), NAME_WIDTH);
    fputs("  ", out);
    put(out, said(field, "from").at ? said(field, "from") : SPAN("(常量 constant)"), NAME_WIDTH);
    fputs("  ", out);
    if (constant.at)
        put(out, constant, VALUE_WIDTH);
    else
        put_text(field, out, VALUE_WIDTH);
    fprintf(out, "  %s %s", chinese(field_class), field_class);
    if (by[0])
        fprintf(out, ", %s %s%s%.*s", chinese(by), by, said(field, "table").at ? " " : "",
                SPAN_ARG(said(field, "table")));
    if (value.at)
        fprintf(out, "  →  %.*s", SPAN_ARG(value));
    fputc('\n', out);
}

static void show_conditions(const struct json_value *event, FILE *out)
{
    const struct json_value *when = json_get(event, SPAN("when"));
    for (const struct json_value *one = when ? when->first : NULL; one; one = one->next)
        fprintf(out, "      条件 when %.*s: %s\n", SPAN_ARG(said(one, "column")),
                is_true(one, "holds") ? "成立 holds" : "不成立 does not hold");
}

static void show_events(const struct json_value *root, FILE *out)
{
    const struct json_value *events = json_get(root, SPAN("events"));
    head(out, 5, "事件", "events");
    for (const struct json_value *event = events ? events->first : NULL; event;
         event = event->next) {
        char family[16];
        const struct json_value *json = json_get(event, SPAN("event"));
        bool holds = is_true(event, "holds");
        span_to_cstr(said(event, "family"), family, sizeof family);
        fprintf(out, "  %.*s  %s %s  ", SPAN_ARG(said(event, "name")), chinese(family), family);
        if (json)
            fprintf(out, "%.*s  %.*s  id %.*s\n", SPAN_ARG(said(json, "subject")),
                    SPAN_ARG(said(json, "time")), SPAN_ARG(said(json, "id")));
        else
            fputs(holds ? "未产生 not made: 记录被拒 the record is rejected\n"
                        : "未产生 not told\n",
                  out);
        show_conditions(event, out);
        const struct json_value *fields = holds ? json_get(event, SPAN("fields")) : NULL;
        for (const struct json_value *one = fields ? fields->first : NULL; one; one = one->next)
            show_field(one, out);
    }
    if (!events)
        fputs("  无 none\n", out);
}

static void show_router(const struct json_value *root, FILE *out)
{
    const struct json_value *lines = json_get(root, SPAN("lines"));
    const struct json_value *orders = json_get(root, SPAN("orders"));
    head(out, 6, "事项行", "case lines (one an event, as sets hold them)");
    for (const struct json_value *one = lines ? lines->first : NULL; one; one = one->next)
        fprintf(out, "  %.*s\n", SPAN_ARG(one->text));
    if (!lines || !lines->first)
        fputs("  无 none\n", out);
    head(out, 7, "派单", "work orders (were this its first and only record, and it came now)");
    for (const struct json_value *one = orders ? orders->first : NULL; one; one = one->next)
        fprintf(out, "  %.*s → %.*s  规则 rule %.*s  时限 due %.*s\n  %.*s\n",
                SPAN_ARG(said(one, "kind")), SPAN_ARG(said(one, "unit")),
                SPAN_ARG(said(one, "rule")), SPAN_ARG(said(one, "due_at")),
                SPAN_ARG(said(one, "reason")));
    if (!orders || !orders->first)
        fputs("  无 none\n", out);
}

void explain_text_show(const struct json_value *root, FILE *out)
{
    show_frame(root, out);
    show_cells(root, out);
    show_verdict(root, out);
    show_events(root, out);
    show_router(root, out);
}
