/* SPDX-License-Identifier: Apache-2.0 */
/* Why a piece of data was not taken. The names are stable: dead letters, metrics, receipts and
 * golden cases carry them. One table gives enum, name and the sentence in both languages. */
#pragma once

#define REJECT_TABLE(X)                                                                            \
    X(NONE, "none", "已接收", "accepted")                                                          \
    X(CHARSET, "bad_charset", "字符编码无法识别", "bytes are not valid in the feed's charset")     \
    X(JSON, "bad_json", "JSON 格式错误", "not well-formed JSON")                                   \
    X(JSON_DEPTH, "json_too_deep", "JSON 嵌套超过 32 层", "JSON is nested more than 32 levels")    \
    X(JSON_DUPLICATE, "json_duplicate_key", "JSON 键重复", "an object names a key twice")          \
    X(CSV, "bad_csv", "CSV 引号错误", "a quote is misplaced")                                      \
    X(COLUMNS, "bad_column_count", "列数与表头不符",                                               \
      "the row has not as many cells as the header")                                               \
    X(HEADER, "header_drift", "表头与约定不符", "the header is not the declared one")              \
    X(MISSING, "missing_field", "必填项为空", "a required field is missing")                       \
    X(DATE, "bad_date", "日期格式错误", "the date matches none of the declared patterns")          \
    X(CODE, "unknown_code", "代码不在码表中", "the code is not in its table")                      \
    X(IDENTITY, "bad_identity", "编号缺失或过长",                                                  \
      "the record's own number is missing or too long")                                            \
    X(FUTURE, "time_in_future", "时间晚于当前 10 分钟以上",                                        \
      "the time is more than 10 minutes ahead")                                                    \
    X(TOO_LARGE, "too_large", "记录过大", "the record is too large")                               \
    X(EVENT, "bad_event", "不是规范的 CloudEvents 事件", "not a CloudEvents event of this system") \
    X(STAGE, "unknown_stage", "环节不存在", "the kind has no such stage")                          \
    X(FEED, "unknown_feed", "数据源未登记", "no mapping for this feed")                            \
    X(CASE_TOO_LONG, "case_too_long", "案件事件过多", "the case has more events than its limit")   \
    X(CRASH, "crash", "处理该记录时进程反复崩溃", "the process died three times at this record")

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
