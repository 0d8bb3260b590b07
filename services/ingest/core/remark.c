/* SPDX-License-Identifier: Apache-2.0 */
/* Masked are: seven digits or more, of any script and written in words of one figure, where between
 * two of them stand at most two characters that are neither Chinese nor Latin letters, blanks
 * aside; an address of mail; the number of a flat; and a name behind what says whose it is
 * (诉求人张三), or before a form of address (张三先生). Dates and times are left. What is written
 * so that no pattern knows it (a name that stands for itself, 138 then a word then 0013) goes on:
 * who writes a reason is asked to write none. What is masked needlessly is still in
 * `status.<unit>`. */
#include "ingest/core/remark.h"

#include "base/base.h"
#include "base/utf8.h"
#include "model/case_line.h"

enum {
    MOST_CHARACTERS = 400, /* looked at; all that CASE_LINE_SAID holds, and AHEAD */
    AHEAD = 64,            /* looked at and not shown, where there is more: what begins before it */
    MOST_BYTES = 4,
    LEAST_DIGITS = 7,
    LEAST_BESIDE_DATE = 3, /* with the digits of a date they could be a number */
    MOST_BETWEEN = 2,
    NAME_REST = 2, /* characters of a name behind its first */
};

struct text {
    struct span at[MOST_CHARACTERS]; /* a character each */
    uint32_t code[MOST_CHARACTERS];  /* its code point; of a full-width form the ASCII's */
    bool masked[MOST_CHARACTERS];
    size_t count;
    bool more; /* than these */
};

struct range {
    uint32_t first, last;
};

static const char han_digits[] = "〇 零 一 幺 二 两 兩 三 四 五 六 七 八 九 "
                                 "壹 贰 貳 叁 參 叄 肆 伍 陆 陸 柒 捌 玖";
/* Where ten decimal digits of a script begin (Unicode: Nd). */
static const uint16_t decimals[] = {
    '0',    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6,
    0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80,
    0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
};
/* Raised, lowered, Roman, circled and bracketed ones, those of Suzhou, of mathematics; and the
 * circle that is written for a nought. */
static const struct range figures[] = {
    {0x00B2, 0x00B3},   {0x00B9, 0x00B9},   {0x2070, 0x2079},   {0x2080, 0x2089},
    {0x2150, 0x2189},   {0x2460, 0x249B},   {0x24EA, 0x24FF},   {0x25CB, 0x25CB},
    {0x2776, 0x2793},   {0x3021, 0x3029},   {0x3220, 0x3229},   {0x3251, 0x325F},
    {0x3280, 0x3289},   {0x32B1, 0x32BF},   {0x104A0, 0x104A9}, {0x1D7CE, 0x1D7FF},
    {0x1F100, 0x1F10C}, {0x1FBF0, 0x1FBF9},
};
static const struct range hans[] = {{0x3400, 0x9FFF}, {0xF900, 0xFAFF}, {0x20000, 0x3FFFF}};
static const struct range blanks[] = {{0x0000, 0x0020}, {0x007F, 0x00A0}, {0x1680, 0x1680},
                                      {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F},
                                      {0x205F, 0x205F}, {0x2800, 0x2800}, {0x3000, 0x3000}};
/* Of no width. */
static const struct range unseen[] = {
    {0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C}, {0x115F, 0x1160}, {0x17B4, 0x17B5},
    {0x180B, 0x180F}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},
    {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF},
};
static const struct range marks[] = {{0x0300, 0x036F}, {0x20D0, 0x20FF}}; /* on what is before */
#define IS_IN(ranges, code) is_in((ranges), ARRAY_LENGTH(ranges), (code))

static const char surnames[] =
    "王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 林 高 罗 郑 梁 谢 宋 唐 许 韩 邓 冯 曹 彭 "
    "曾 肖 田 董 潘 袁 蔡 蒋 余 于 杜 叶 程 魏 苏 吕 丁 任 卢 姚 沈 钟 姜 崔 谭 陆 范 汪 廖 石 金 "
    "韦 贾 夏 付 方 邹 熊 白 孟 秦 邱 侯 江 尹 薛 闫 段 雷 龙 黎 史 陶 贺 毛 郝 顾 龚 邵 万 覃 武 "
    "钱 戴 严 莫 孔 向 常 汤 康 易 乔 赖 文 欧 司 诸 上 傅 章 施 牛 樊 殷 庄 尚 倪 温 邢 颜 齐 柴";
static const char *const whose[] = {"诉求人", "来电人", "反映人", "投诉人", "举报人", "联系人",
                                    "当事人", "居民",   "市民",   "业主",   "住户",   "租户",
                                    "群众",   "姓名",   "叫",     "名为"};
static const char *const forms[] = {"先生", "女士", "小姐", "老师", "大爷",
                                    "大妈", "阿姨", "师傅", "同志", "老人"};
static const char *const flats[] = {"室", "单元", "号楼", "号院"};

static bool is_one_of(const char *list, struct span character)
{
    struct span rest = span_of(list);
    while (rest.at)
        if (span_equal(span_cut(&rest, ' '), character))
            return true;
    return false;
}

static bool is_in(const struct range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

static bool is_digit(const struct text *text, size_t at)
{
    uint32_t code = text->code[at];
    for (size_t i = 0; i < ARRAY_LENGTH(decimals); i++)
        if (code >= decimals[i] && code < decimals[i] + 10u)
            return true;
    return IS_IN(figures, code) || is_one_of(han_digits, text->at[at]);
}

static bool is_han(const struct text *text, size_t at)
{
    return IS_IN(hans, text->code[at]);
}

static bool is_letter(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

static bool is_word(const struct text *text, size_t at)
{
    uint32_t code = text->code[at];
    return is_letter(code) || (code >= '0' && code <= '9') ||
           (code > 0 && code < 0x80 && strchr("._%+-@", (int)code) != NULL);
}

static uint32_t code_of(struct span character)
{
    const unsigned char *at = (const unsigned char *)character.at;
    uint32_t code = character.len == 1   ? at[0]
                    : character.len == 2 ? at[0] & 0x1Fu
                    : character.len == 3 ? at[0] & 0x0Fu
                                         : at[0] & 0x07u;
    for (size_t i = 1; i < character.len; i++)
        code = code << 6 | (at[i] & 0x3Fu);
    return code >= 0xFF01 && code <= 0xFF5E ? code - 0xFF01 + '!' : code;
}

/* Blanks and control characters are one blank; what has no width is left out. */
static void read_text(struct text *text, struct span source)
{
    text->count = 0;
    text->more = false;
    for (size_t i = 0; i < source.len;) {
        unsigned char first = (unsigned char)source.at[i];
        size_t len = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : MOST_BYTES;
        struct span one = span_from(source.at + i, len < source.len - i ? len : source.len - i);
        uint32_t code = code_of(one);
        i += one.len;
        bool blank = IS_IN(blanks, code);
        bool again = blank && (!text->count || text->code[text->count - 1] == ' ');
        if (again || IS_IN(unseen, code))
            continue;
        text->more = text->count == MOST_CHARACTERS;
        if (text->more)
            return;
        text->masked[text->count] = false;
        text->code[text->count] = blank ? ' ' : code;
        text->at[text->count++] = blank ? SPAN(" ") : one;
    }
}

/* How many characters of it begin there; 0 = it does not. */
static size_t length_at(const struct text *text, size_t at, const char *word)
{
    struct span rest = span_of(word);
    size_t from = at;
    for (; rest.len; at++) {
        if (at == text->count || !span_starts(rest, text->at[at]))
            return 0;
        rest = span_from(rest.at + text->at[at].len, rest.len - text->at[at].len);
    }
    return at - from;
}

static size_t any_at(const struct text *text, size_t at, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = length_at(text, at, words[i]);
        if (len)
            return len;
    }
    return 0;
}

static void mask(struct text *text, size_t from, size_t to)
{
    for (; from < to && from < text->count; from++)
        text->masked[from] = true;
}

static bool is_at(const struct text *text, size_t at, const char *codes)
{
    return at < text->count && text->code[at] > 0 && text->code[at] < 0x80 &&
           strchr(codes, (int)text->code[at]) != NULL;
}

/* One or two digits from there on, in these bounds. */
static bool take_number(const struct text *text, size_t *at, uint32_t least, uint32_t most)
{
    uint32_t number = 0;
    size_t from = *at;
    while (*at < from + 2 && is_at(text, *at, "0123456789"))
        number = number * 10 + (text->code[(*at)++] - '0');
    return *at > from && number >= least && number <= most;
}

static bool take_clock(const struct text *text, size_t *at)
{
    size_t to = *at;
    bool good = take_number(text, &to, 0, 24) && is_at(text, to, ":");
    to++;
    size_t minutes = to;
    good = good && take_number(text, &to, 0, 59) && to == minutes + 2;
    *at = good ? to : *at;
    return good;
}

static bool take_date(const struct text *text, size_t *at)
{
    size_t to = *at + 4;
    bool good = is_at(text, *at, "2") && is_at(text, *at + 1, "0") &&
                is_at(text, *at + 2, "0123456789") && is_at(text, *at + 3, "0123456789") &&
                is_at(text, to, "-/.");
    to++;
    good = good && take_number(text, &to, 1, 12) && is_at(text, to, "-/.");
    to++;
    good = good && take_number(text, &to, 1, 31);
    *at = good ? to : *at;
    return good;
}

/* 2026-03-15, 2026-03-15 18:00, 18:00-20:00: how many characters; 0 = it is no such thing. */
static size_t moment_at(const struct text *text, size_t at)
{
    size_t to = at;
    if (!is_at(text, at, "0123456789") || (at > 0 && is_digit(text, at - 1)))
        return 0;
    bool date = take_date(text, &to);
    size_t clock = date ? to + 1 : to;
    bool timed = (!date || is_at(text, to, " T")) && take_clock(text, &clock);
    to = timed ? clock : to;
    size_t second = to + 1;
    if (date && timed && is_at(text, to, ":") && take_number(text, &second, 0, 59))
        to = second;
    size_t until = to + 1;
    bool range = timed && is_at(text, to, "-~+") && take_clock(text, &until);
    to = range ? until : to;
    bool good = (date || range) && !(to < text->count && is_digit(text, to));
    return good ? to - at : 0;
}

/* A run of digits and of what is written between them; behind it the X of an identity card. */
static void mask_numbers(struct text *text)
{
    for (size_t i = 0; i < text->count;) {
        size_t digits = 0, dates = 0, between = 0, end = i, at = i;
        while (at < text->count) {
            size_t moment = moment_at(text, at);
            if (moment || is_digit(text, at)) {
                dates += moment > 0;
                digits += !moment;
                end = at += moment ? moment : 1;
                between = 0;
                continue;
            }
            if (end == i || is_han(text, at) || is_letter(text->code[at]))
                break;
            between += text->code[at] != ' ' && !IS_IN(marks, text->code[at]);
            if (between > MOST_BETWEEN)
                break;
            at++;
        }
        if (digits >= LEAST_DIGITS || (dates && digits >= LEAST_BESIDE_DATE))
            mask(text, i, end + is_at(text, end, "Xx"));
        i = end > i ? end : i + 1;
    }
}

static void mask_mail(struct text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        size_t from = i, to = i;
        if (text->code[i] != '@')
            continue;
        while (from > 0 && is_word(text, from - 1))
            from--;
        while (to < text->count && is_word(text, to))
            to++;
        mask(text, from, to);
    }
}

static bool is_of_number(const struct text *text, size_t at)
{
    return is_digit(text, at) || is_word(text, at);
}

/* 3号楼2单元501, A座501室: the number before and the one behind. */
static void mask_flats(struct text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        size_t len = any_at(text, i, flats, ARRAY_LENGTH(flats)), from = i, to = i + len;
        while (len && from > 0 && is_of_number(text, from - 1))
            from--;
        if (!len || from == i)
            continue;
        while (to < text->count && is_of_number(text, to))
            to++;
        mask(text, from, i);
        mask(text, i + len, to);
    }
}

static bool begins_name(const struct text *text, size_t at)
{
    return at < text->count && is_one_of(surnames, text->at[at]);
}

static void mask_names(struct text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        size_t len = any_at(text, i, whose, ARRAY_LENGTH(whose)), at = i + len;
        while (len && at < text->count && at < i + len + 2 && !is_han(text, at))
            at++; /* : and the like */
        at +=
            len && at < text->count && (span_is(text->at[at], "是") || span_is(text->at[at], "为"));
        if (len && begins_name(text, at))
            for (size_t rest = 0; rest <= NAME_REST && at < text->count && is_han(text, at);
                 rest++, at++)
                text->masked[at] = true;
        if (!any_at(text, i, forms, ARRAY_LENGTH(forms)))
            continue;
        for (size_t back = NAME_REST + 1; back > 0; back--)
            if (i >= back && begins_name(text, i - back)) {
                mask(text, i - back, i);
                break;
            }
    }
}

bool remark_write(struct strbuf *out, struct span source)
{
    struct text text;
    char room[CASE_LINE_SAID + 1];
    struct strbuf buf = {.at = room, .capacity = sizeof room, .max = sizeof room - 1};
    read_text(&text, span_trim(source));
    mask_numbers(&text);
    mask_mail(&text);
    mask_flats(&text);
    mask_names(&text);
    bool any = false;
    size_t shown = text.more ? text.count - AHEAD : text.count;
    for (size_t i = 0; i < shown; i++) {
        struct span one = text.masked[i] ? SPAN("***") : text.at[i];
        if (text.masked[i] && i > 0 && text.masked[i - 1])
            continue;
        if (buf.len + one.len > CASE_LINE_SAID)
            break;
        any = any || (!text.masked[i] && !span_is(one, " "));
        strbuf_add(&buf, one);
    }
    if (any)
        strbuf_add(out, strbuf_span(&buf));
    return any;
}
