/* SPDX-License-Identifier: Apache-2.0 */
/* Why a piece of data was not taken. The names are stable: dead letters, metrics, receipts and
 * golden cases carry them. One table gives enum, name and the sentence in both languages. */
#pragma once

#include <stdint.h>

#include "base/language.h"
#include "base/span.h"

#define REJECT_TABLE(X)                                                                            \
    X(NONE, "none", "已接收", "accepted")                                                          \
    X(CHARSET, "bad_charset", "此处字节不属于约定的字符编码，请确认文件编码后重新导出",            \
      "a byte here does not belong to the charset; export it again in the charset that was "       \
      "agreed")                                                                                    \
    X(JSON, "bad_json", "JSON 格式有误，请检查引号、逗号和括号",                                   \
      "not well-formed JSON; look at quotes, commas and brackets")                                 \
    X(JSON_DEPTH, "json_too_deep", "JSON 嵌套超过 32 层", "JSON is nested more than 32 levels")    \
    X(JSON_DUPLICATE, "json_duplicate_key", "同一个 JSON 对象中键名重复，请只保留一个",            \
      "an object names a key twice; keep one")                                                     \
    X(CSV, "bad_csv", "引号不成对或位置有误，单元格内的引号请写两遍",                              \
      "a quote is misplaced; write a quote inside a cell twice")                                   \
    X(COLUMNS, "bad_column_count", "本行的列数与表头不一致，请检查是否缺列或多了逗号",             \
      "the row has not as many cells as the header; a cell or a comma too many or too few")        \
    X(HEADER, "header_drift", "表头与约定不一致，请核对列名",                                      \
      "the header is not the declared one; compare the names of its columns")                      \
    X(MISSING, "missing_field", "必填项为空，请补填", "a required field is missing; fill it in")   \
    X(DATE, "bad_date", "日期无法识别，请按约定格式填写",                                          \
      "the date matches none of the declared patterns")                                            \
    X(CODE, "unknown_code", "代码或名称不在对照表中，请核对", "the code is not in its table")      \
    X(IDENTITY, "bad_identity", "编号缺失、过长或不属于本数据源",                                  \
      "the record's own number is missing, too long or not of this feed")                          \
    X(FUTURE, "time_in_future", "时间比当前晚 10 分钟以上，请检查日期或系统时钟",                  \
      "the time is more than 10 minutes ahead; look at the date, or at the clock")                 \
    X(TOO_LARGE, "too_large", "记录过大，请拆分或去掉附件内容",                                    \
      "the record is too large; split it, or leave attachments out")                               \
    X(EVENT, "bad_event", "不是本系统可识别的 CloudEvents 事件，请检查所指属性",                   \
      "not a CloudEvents event of this system; look at the attribute named")                       \
    X(STAGE, "unknown_stage", "此类事项没有这个环节", "the kind has no such stage")                \
    X(FEED, "unknown_feed", "数据源未登记或没有对应的映射", "no mapping for this feed")            \
    X(CASE_TOO_LONG, "case_too_long", "该事项的事件数已达上限",                                    \
      "the case has more events than its limit")                                                   \
    X(CRASH, "crash", "处理该记录时程序反复异常，已隔离并通知运维",                                \
      "the process died three times at this record; it is set aside for the operators")

enum reject {
#define REJECT_ENUM(id, name, zh, en) REJECT_##id,
    REJECT_TABLE(REJECT_ENUM)
#undef REJECT_ENUM
};

const char *reject_name(enum reject reject);
const char *reject_chinese(enum reject reject);
const char *reject_english(enum reject reject);

/* Where in an item: filled by whoever finds it. */
struct reject_place {
    enum reject reject;
    char pointer[96];      /* JSON pointer, or the column's name */
    long column;           /* from 1 for CSV; 0 = not a cell */
    long long byte_offset; /* in the item, of the fault when known; -1 unknown */
};

/* The whole sentence for the person who sent it: which record, which field, what is wrong and what
 * to do. English where the language is English, else Chinese. */
#define REJECT_SENTENCE 512
struct span reject_say(char buffer[REJECT_SENTENCE], enum language language, int64_t row,
                       const struct reject_place *why);
