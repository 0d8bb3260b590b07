/* SPDX-License-Identifier: Apache-2.0 */
/* Why a dropped file was not taken as a whole. The names are stable: receipts and metrics carry
 * them. What is wrong with one record is model/reject.h's to say. */
#pragma once

#define DROP_FAULT_TABLE(X)                                                                        \
    X(NONE, "none", "", "")                                                                        \
    X(EMPTY, "empty_file", "文件为空，请重新导出", "the file is empty; export it again")           \
    X(NOT_TEXT, "not_text", "不是文本文件（Excel、压缩包、UTF-16 等），请另存为 CSV 或 JSON",      \
      "not a text file (a workbook, an archive, UTF-16); save it as CSV or JSON")                  \
    X(FORMAT, "wrong_format", "文件扩展名与该数据源约定的格式不符",                                \
      "the file's extension is not the format of this feed")                                       \
    X(HEADER, "header_drift", "表头与约定不符，整份文件未接收",                                    \
      "the header is not the declared one; nothing of the file was taken")                         \
    X(LONG, "item_too_long", "有一条记录过长，多为引号未闭合",                                     \
      "a record is too long; most often a quote is never closed")                                  \
    X(TOPIC, "topic_refuses", "有一条记录超过系统存储上限，请联系管理员",                          \
      "a record is larger than the topic takes; tell the operator")                                \
    X(CHANGED, "changed_while_read", "读取时文件仍在变动，请写完后重新投递",                       \
      "the file changed while it was read; drop it again when it is whole")                        \
    X(UNREADABLE, "unreadable", "文件无法读取（磁盘错误）", "the file cannot be read (disk error)")

enum drop_fault {
#define DROP_FAULT_ENUM(id, name, zh, en) DROP_FAULT_##id,
    DROP_FAULT_TABLE(DROP_FAULT_ENUM)
#undef DROP_FAULT_ENUM
};

const char *drop_fault_name(enum drop_fault fault);
const char *drop_fault_chinese(enum drop_fault fault);
const char *drop_fault_english(enum drop_fault fault);
