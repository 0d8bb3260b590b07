/* SPDX-License-Identifier: Apache-2.0 */
/* Why a piece of data was not taken. The names are stable: dead letters, metrics, receipts and
 * golden cases carry them. One table gives enum, name, and what a person is told in both languages:
 * what is wrong, why that happens, what to do; `citybrain reasons` prints it, docs/rejects.md is
 * made of it. */
#pragma once

#include <stdint.h>

#include "base/language.h"
#include "base/span.h"

/* id, name, zh, en, cause_zh, cause_en, fix_zh, fix_en */
#define REJECT_TABLE(X)                                                                            \
    X(NONE, "none", "已接收", "accepted", "", "", "", "")                                          \
    X(CHARSET, "bad_charset", "此处字节不属于约定的字符编码，请确认文件编码后重新导出",            \
      "a byte here does not belong to the charset; export it again in the charset that was "       \
      "agreed",                                                                                    \
      "文件不是约定的编码，或在传输中被截断",                                                      \
      "the file is in another charset than agreed, or a character was cut in two",                 \
      "按约定编码（UTF-8 或 GB18030）重新导出",                                                    \
      "export it again in the agreed charset; the byte offset names the first bad byte")           \
    X(NUL, "nul_character", "含有空字符（NUL），文件可能损坏或是 UTF-16 编码，请重新导出",         \
      "a NUL character: the file is damaged or UTF-16; export it again",                           \
      "文件损坏，或被存成了 UTF-16（Unicode 文本）",                                               \
      "the file is damaged, or was saved as UTF-16 (Unicode text)",                                \
      "存为 UTF-8 或 GB18030 的 CSV 后重新报送",                                                   \
      "save it as CSV in UTF-8 or GB18030 and send it again")                                      \
    X(SURROGATE, "json_half_character", "\\u 转义只写出半个字符，请检查导出程序",                  \
      "a \\u escape writes half of a character only",                                              \
      "辅助平面字符须写成两个 \\u 转义，文中只有一个，常见原因是按长度截断",                       \
      "such a character is two \\u escapes and one is missing, often because a text was cut",      \
      "直接写 UTF-8 字符，或写全两个转义", "write the character itself in UTF-8, or both escapes") \
    X(JSON, "bad_json", "JSON 格式有误，请检查引号、逗号和括号",                                   \
      "not well-formed JSON; look at quotes, commas and brackets",                                 \
      "不是完整的 JSON 对象，或在应为值的位置出现了数组、对象",                                    \
      "the item is no JSON object, is cut short, or has a list where one value belongs",           \
      "从报出的字节位置起检查引号、逗号和括号",                                                    \
      "look at quotes, commas and brackets from the byte offset on")                               \
    X(JSON_DEPTH, "json_too_deep", "JSON 嵌套超过 32 层", "JSON is nested more than 32 levels",    \
      "对象或数组嵌套过深", "objects or arrays are nested too deep", "减少嵌套层数",               \
      "send a flatter object")                                                                     \
    X(JSON_DUPLICATE, "json_duplicate_key", "同一个 JSON 对象中键名重复，请只保留一个",            \
      "an object names a key twice; keep one", "同一对象中同名的键出现两次，无法确定以哪个为准",   \
      "two members of one object have one name, so neither can be trusted", "每个键只保留一个",    \
      "keep one of them")                                                                          \
    X(CSV, "bad_csv", "引号不成对或位置有误，单元格内的引号请写两遍",                              \
      "a quote is misplaced; write a quote inside a cell twice", "引号未成对，或引号外还有文字",   \
      "a quoted cell is not closed, or text follows its closing quote",                            \
      "含逗号、引号、换行的单元格用双引号括起，内部引号写两次",                                    \
      "quote cells with commas, quotes or line feeds, and double the quotes inside")               \
    X(COLUMNS, "bad_column_count", "本行的列数与表头不一致，请检查是否缺列或多了逗号",             \
      "the row has not as many cells as the header; a cell or a comma too many or too few",        \
      "该行缺列或多列，常见原因是单元格内有未加引号的逗号或换行",                                  \
      "cells are missing or too many, often by a comma or line feed without quotes",               \
      "补齐该行，或给含逗号的单元格加引号", "complete the row, or quote the cell with the comma")  \
    X(HEADER, "header_drift", "表头与约定不一致，请核对列名",                                      \
      "the header is not the declared one; compare the names of its columns",                      \
      "列名被改、缺少、重复，或出现了约定之外的列",                                                \
      "a column was renamed, is missing, stands twice, or is not agreed",                          \
      "恢复约定的表头；若系统确已改版，请联系区里更新映射",                                        \
      "restore the header; where the system changed for good, ask for a new mapping version")      \
    X(MISSING, "missing_field", "必填项为空，请补填", "a required field is missing; fill it in",   \
      "该项为空，或填的是代表空的字样", "the cell is empty or holds a word that means nothing",    \
      "填写该项后重新报送", "fill it and send the record again")                                   \
    X(DATE, "bad_date", "日期无法识别，请按约定格式填写",                                          \
      "the date matches none of the declared patterns",                                            \
      "日期写法与约定不符、日期不存在，或是两位年份",                                              \
      "it is written another way, or no such day or hour exists",                                  \
      "按该数据源约定的写法填写，如 2026-03-01 09:30:00",                                          \
      "write it as the feed's page says, such as 2026-03-01 09:30:00")                             \
    X(CODE, "unknown_code", "代码或名称不在对照表中，请核对", "the code is not in its table",      \
      "写法与码表不同，或码表尚未收录",                                                            \
      "it is spelled another way, or the table does not have it yet",                              \
      "使用码表中的写法；确为新代码时请区里补充码表",                                              \
      "use a word of the table; a new code is added to it by its owner")                           \
    X(LEVEL, "wrong_level", "区划级别不对：街乡栏请填街乡，社区栏请填社区或村",                    \
      "a place of another level; a street goes into its own column, a community into another",     \
      "该代码或名称在区划表中有，但不是这一栏要的级别，如街乡栏填了社区",                          \
      "the division is known, but is not of the level that the field takes, as a community where " \
      "a street belongs",                                                                          \
      "改填这一栏要的级别；来源系统只有另一级时，请区里修改映射",                                  \
      "give the place of that level; where the source has only the other, its owner changes the "  \
      "mapping")                                                                                   \
    X(NUMBER, "bad_number", "不是数字", "the value is not a number",                               \
      "该项应为数字，却含有文字、单位或空格",                                                      \
      "the cell should be a number and holds letters, a unit or blanks",                           \
      "只填写数字，小数点用半角", "write the number alone, with a point")                          \
    X(RANGE, "out_of_range", "数值或时间超出允许范围", "the value lies outside of its range",      \
      "数值或时间小于下限或大于上限",                                                              \
      "it is smaller than the least or greater than the greatest allowed",                         \
      "核对后重新填写；范围有误时请区里修改映射",                                                  \
      "check it; where the range is wrong, its owner changes the mapping")                         \
    X(LENGTH, "value_too_long", "内容过长", "the value is too long",                               \
      "该项超过允许的字节数，常见原因是把正文填进了代码栏",                                        \
      "it has more bytes than the field takes, often because text stands in a code's column",      \
      "缩短该项，正文填到正文栏", "shorten it, and put text where text belongs")                   \
    X(IDENTITY, "bad_identity", "编号缺失、过长或不属于本数据源",                                  \
      "the record's own number is missing, too long or not of this feed",                          \
      "编号为空、超过 128 字节或含控制字符，无法识别是哪一件",                                     \
      "it is empty, longer than 128 bytes or has control characters, so nobody can say which "     \
      "case it is",                                                                                \
      "填写来源系统的编号", "give the source system's own number")                                 \
    X(FUTURE, "time_in_future", "时间比当前晚 10 分钟以上，请检查日期或系统时钟",                  \
      "the time is more than 10 minutes ahead; look at the date, or at the clock",                 \
      "发生时间在将来，常见原因是填成了截止时间或电脑时钟不准",                                    \
      "the event would lie ahead; often it is the due time, or a clock is wrong",                  \
      "填写实际发生时间，校准时钟", "give the time when it happened, and set the clock")           \
    X(TOO_LARGE, "too_large", "记录过大，请拆分或去掉附件内容",                                    \
      "the record is too large; split it, or leave attachments out", "一条记录超过上限",           \
      "one record has more bytes than can be carried", "去掉附件和长文，拆分后报送",               \
      "leave attachments and long texts out, or split it")                                         \
    X(EVENT, "bad_event", "不是本系统可识别的 CloudEvents 事件，请检查所指属性",                   \
      "not a CloudEvents event of this system; look at the attribute named",                       \
      "缺少必填属性，或属性的写法不对", "an attribute is missing or wrong",                        \
      "按接口说明补齐 id、source、type、subject、time",                                            \
      "give id, source, type, subject and time as the interface says")                             \
    X(STAGE, "unknown_stage", "此类事项没有这个环节", "the kind has no such stage",                \
      "该类事项没有这个环节，或类别写错",                                                          \
      "the kind of case has no stage of that name, or the kind is wrong",                          \
      "使用该类事项已有的环节名", "use one of the kind's stages")                                  \
    X(FEED, "unknown_feed", "数据源未登记或没有对应的映射", "no mapping for this feed",            \
      "数据源或其版本没有登记", "the feed, or the version of it, is not known here",               \
      "核对数据源名称，或请区里登记", "check the feed's name, or have it declared")                \
    X(CASE_TOO_LONG, "case_too_long", "该事项的事件数已达上限",                                    \
      "the case has more events than its limit", "一件事的事件数已达上限，新的过程信息不再计入",   \
      "one case has as many events as it may have; further steps are not added",                   \
      "检查来源系统是否反复推送", "look whether the source repeats itself, and stop it")           \
    X(CRASH, "crash", "处理该记录时程序反复异常，已隔离并通知运维",                                \
      "the process died three times at this record; it is set aside for the operators",            \
      "程序缺陷，与报送内容无关", "a fault of the program, not of the sender",                     \
      "由运维查看该死信，修复程序后重放",                                                          \
      "an engineer looks at the dead letter, mends the program and redrives it")

enum reject {
#define REJECT_ENUM(id, ...) REJECT_##id,
    REJECT_TABLE(REJECT_ENUM)
#undef REJECT_ENUM
        REJECT_COUNT
};

struct reject_text {
    const char *name;
    const char *zh, *en, *cause_zh, *cause_en, *fix_zh, *fix_en;
};

const struct reject_text *reject_text(enum reject reject);
const char *reject_name(enum reject reject);
enum reject reject_find(struct span name); /* REJECT_NONE = none of that name */
const char *reject_chinese(enum reject reject);
const char *reject_english(enum reject reject);

/* Where in an item: filled by whoever finds it. */
struct reject_place {
    enum reject reject;
    char pointer[96];      /* JSON pointer, or the column's name */
    const char *wanted;    /* a declared column that the header lacks, the mapping's; or NULL */
    long column;           /* from 1 for CSV; 0 = not a cell */
    long long byte_offset; /* in the item, of the fault when known; -1 unknown */
};

/* A longer one ends with "…". */
void reject_point_at(struct reject_place *why, struct span pointer);

/* The whole sentence for the person who sent it: which record, which field, what is wrong and what
 * to do. English where the language is English, else Chinese. */
#define REJECT_SENTENCE 640
struct span reject_say(char buffer[REJECT_SENTENCE], enum language language, int64_t row,
                       const struct reject_place *why);
/* The field alone, and what a header lacks; absent where no field is named. */
struct span reject_say_where(char buffer[REJECT_SENTENCE], enum language language,
                             const struct reject_place *why);
