/* SPDX-License-Identifier: Apache-2.0 */
/* Masked are: seven digits or more, whatever stands between them and in whatever script; an
 * address of mail; the number of a flat; and a name behind what says whose it is (诉求人张三), or
 * before a form of address (张三先生). A name that stands for itself no pattern finds: who writes a
 * reason is asked to write none. What is masked needlessly is still in `status.<unit>`. */
#include "ingest/core/remark.h"

#include "base/base.h"
#include "base/utf8.h"
#include "model/case_line.h"

enum {
    MOST_CHARACTERS = 160, /* looked at: more than CASE_LINE_SAID holds of Chinese */
    MOST_BYTES = 4,
    LEAST_DIGITS = 7,
    NAME_REST = 2, /* characters of a name behind its first */
};

struct text {
    struct span at[MOST_CHARACTERS]; /* a character each */
    bool masked[MOST_CHARACTERS];
    size_t count;
};

static const char digits[] = "0 1 2 3 4 5 6 7 8 9 ０ １ ２ ３ ４ ５ ６ ７ ８ ９ "
                             "〇 零 一 幺 二 三 四 五 六 七 八 九";
static const char between[] = "- － — – . · ( ) （ ） / : ：";
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

static bool is_han(struct span character)
{
    return character.len >= 3 && (unsigned char)character.at[0] >= 0xE4 &&
           (unsigned char)character.at[0] <= 0xE9;
}

static bool is_word(struct span character)
{
    char c = character.at[0];
    return character.len == 1 && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                  (c >= '0' && c <= '9') || strchr("._%+-@", c) != NULL);
}

/* Blanks and control characters are one blank. */
static void read_text(struct text *text, struct span source)
{
    text->count = 0;
    for (size_t i = 0; i < source.len && text->count < MOST_CHARACTERS;) {
        unsigned char first = (unsigned char)source.at[i];
        size_t len = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : MOST_BYTES;
        struct span one = span_from(source.at + i, len < source.len - i ? len : source.len - i);
        bool blank = first <= ' ' || first == 0x7F;
        i += one.len;
        if (blank)
            one = SPAN(" ");
        bool again = blank && (!text->count || span_is(text->at[text->count - 1], " "));
        if (again)
            continue;
        text->masked[text->count] = false;
        text->at[text->count++] = one;
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

/* A run of digits and of what is written between them; behind it the X of an identity card. */
static void mask_numbers(struct text *text)
{
    for (size_t i = 0; i < text->count;) {
        size_t found = 0, end = i, at = i;
        for (; at < text->count; at++) {
            bool digit = is_one_of(digits, text->at[at]);
            if (!digit &&
                (!found || !(is_one_of(between, text->at[at]) || span_is(text->at[at], " "))))
                break;
            found += digit;
            end = digit ? at + 1 : end;
        }
        bool card =
            end < text->count && (span_is(text->at[end], "X") || span_is(text->at[end], "x"));
        if (found >= LEAST_DIGITS)
            mask(text, i, end + card);
        i = at > i ? at : i + 1;
    }
}

static void mask_mail(struct text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        size_t from = i, to = i;
        if (!span_is(text->at[i], "@"))
            continue;
        while (from > 0 && is_word(text->at[from - 1]))
            from--;
        while (to < text->count && is_word(text->at[to]))
            to++;
        mask(text, from, to);
    }
}

static bool is_of_number(struct span character)
{
    return is_one_of(digits, character) || is_word(character);
}

/* 3号楼2单元501, A座501室: the number before and the one behind. */
static void mask_flats(struct text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        size_t len = any_at(text, i, flats, ARRAY_LENGTH(flats)), from = i, to = i + len;
        while (len && from > 0 && is_of_number(text->at[from - 1]))
            from--;
        if (!len || from == i)
            continue;
        while (to < text->count && is_of_number(text->at[to]))
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
        while (len && at < text->count && at < i + len + 2 && !is_han(text->at[at]))
            at++; /* : and the like */
        at +=
            len && at < text->count && (span_is(text->at[at], "是") || span_is(text->at[at], "为"));
        if (len && begins_name(text, at))
            for (size_t rest = 0; rest <= NAME_REST && at < text->count && is_han(text->at[at]);
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
    for (size_t i = 0; i < text.count; i++) {
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
