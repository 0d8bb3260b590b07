/* SPDX-License-Identifier: Apache-2.0 */
/* What a server says when it does not do what was asked: RFC 9457 problems, one table with code,
 * status and the sentences in both languages. Codes never change their meaning. */
#pragma once

#include "base/language.h"
#include "base/strbuf.h"

/* id, status, code, title and detail in Chinese, then in English */
#define HTTP_PROBLEM_TABLE(X)                                                                      \
    X(BAD_HEADER, 400, "bad_header", "请求头无效", "请按“名称: 值”书写，不含控制字符，不超长",     \
      "bad header", "name: value on one line, without control characters, not too long")           \
    X(BAD_HOST, 400, "bad_host", "缺少或重复 Host", "请只写一个 Host 请求头",                      \
      "no Host, or several", "one Host header")                                                    \
    X(TWO_LENGTHS, 400, "two_lengths", "长度不明确",                                               \
      "请只写一个 Content-Length 或一个 Transfer-Encoding", "ambiguous length",                    \
      "one Content-Length or one Transfer-Encoding")                                               \
    X(BAD_ADDRESS, 400, "bad_address", "地址无效", "请使用百分号编码的 UTF-8，不含空格和控制字符", \
      "bad address", "percent-encoded UTF-8 without spaces and control characters")                \
    X(UNAUTHORIZED, 401, "unauthorized", "凭证无效", "请在 Authorization 中提供有效凭证",          \
      "no valid credential", "send a valid one in Authorization")                                  \
    X(FORBIDDEN, 403, "forbidden", "无权访问", "该凭证属于其他数据源或单位", "not yours",          \
      "this credential speaks for another feed or unit")                                           \
    X(NOT_FOUND, 404, "not_found", "无此地址", "请核对地址", "no such address",                    \
      "look at the path")                                                                          \
    X(UNKNOWN_FEED, 404, "unknown_feed", "无此数据源", "该数据源未登记，或当前没有生效的映射",     \
      "no such feed", "it is not declared, or no mapping is in force now")                         \
    X(METHOD, 405, "method_not_allowed", "方法不允许", "可用的方法", "method not allowed",         \
      "what is allowed")                                                                           \
    X(SLOW, 408, "too_slow", "发送过慢", "请求未在时限内收完，请重新发送", "too slow",             \
      "the request did not arrive in time; send it again")                                         \
    X(LENGTH_REQUIRED, 411, "length_required", "缺少长度",                                         \
      "请给出 Content-Length，或使用 Transfer-Encoding: chunked", "length required",               \
      "Content-Length, or Transfer-Encoding: chunked")                                             \
    X(TOO_LARGE, 413, "too_large", "内容过大", "请拆分后发送", "too large",                        \
      "split the upload into parts")                                                               \
    X(ITEM_TOO_LARGE, 413, "item_too_large", "单条记录过大", "请拆分该记录或去掉附件内容",         \
      "an item is too large", "split it, or leave attachments out")                                \
    X(TOO_MANY_RECORDS, 413, "too_many_records", "记录过多", "请拆分后发送", "too many records",   \
      "send it in parts")                                                                          \
    X(MEDIA_TYPE, 415, "media_type", "内容类型不符", "可用的 Content-Type",                        \
      "not a content type of this address", "what is taken")                                       \
    X(CHARSET, 415, "charset", "不支持的字符编码", "可用的字符编码", "not a charset of this feed", \
      "what is taken")                                                                             \
    X(CONTENT_ENCODING, 415, "content_encoding", "不支持的内容编码", "请原样发送，不要压缩",       \
      "content encoding not supported", "send the bytes as they are, without Content-Encoding")    \
    X(OVER_QUOTA, 429, "over_quota", "超出配额", "请在 Retry-After 所示秒数后重发同一请求",        \
      "over the quota", "send the same request again after the seconds of Retry-After")            \
    X(TOO_MANY_MESSAGES, 429, "too_many_messages", "请求过于频繁", "请合并为较大的批次后发送",     \
      "too many requests", "send fewer and larger uploads")                                        \
    X(TOO_OFTEN, 429, "too_often", "查询过于频繁", "请在 Retry-After 所示秒数后再查询",            \
      "asked too often", "ask again after the seconds of Retry-After")                             \
    X(CONNECTIONS, 429, "too_many_connections", "连接过多",                                        \
      "请减少并行连接，在 Retry-After 所示秒数后重发", "too many connections",                     \
      "use fewer at a time, and send again after the seconds of Retry-After")                      \
    X(HEAD_TOO_LARGE, 431, "head_too_large", "请求头过大", "请求头总长或个数超限",                 \
      "the head is too large", "too many header lines, or too many bytes in them")                 \
    X(TRANSFER_ENCODING, 501, "transfer_encoding", "不支持的传输编码", "请使用 chunked",           \
      "transfer encoding not supported", "use chunked")                                            \
    X(BUSY, 503, "busy", "繁忙", "请在 Retry-After 所示秒数后重发同一请求，不会重复计数", "busy",  \
      "send the same request again after the seconds of Retry-After; nothing is counted twice")    \
    X(STOPPING, 503, "stopping", "正在停止",                                                       \
      "请在 Retry-After 所示秒数后重发同一请求，不会重复计数", "stopping",                         \
      "send the same request again after the seconds of Retry-After; nothing is counted twice")    \
    X(UNAVAILABLE, 503, "unavailable", "暂时无法存储",                                             \
      "请在 Retry-After 所示秒数后重发同一请求，不会重复计数", "nothing can be stored now",        \
      "send the same request again after the seconds of Retry-After; nothing is counted twice")    \
    X(NO_TIME, 503, "no_time", "手动时钟未设置", "请先在管理端口 POST /clock",                     \
      "the manual clock was not set", "POST /clock on the admin port")                             \
    X(NOT_STORED, 503, "not_stored", "未能存储",                                                   \
      "存储未确认，请在 Retry-After 所示秒数后重发同一请求，不会重复计数", "not stored",           \
      "the brokers did not confirm; send the same request again after the seconds of "             \
      "Retry-After, nothing is counted twice")                                                     \
    X(UNKNOWN, 503, "unknown", "结果未知",                                                         \
      "时限内未得到存储确认，可能已存；请重发同一请求，不会重复计数",                              \
      "not known whether it was stored",                                                           \
      "no confirmation in time; send the same request again, nothing is counted twice")            \
    X(NO_TOPIC, 503, "no_topic", "存储位置不存在",                                                 \
      "该数据源或单位的主题尚未建立，请运维执行 citybrain topics apply", "nowhere to store it",    \
      "the topic of this feed or unit does not exist yet; its operator runs: citybrain topics "    \
      "apply")

enum http_problem {
#define HTTP_PROBLEM_ENUM(id, status, code, zh, zh_detail, en, en_detail) HTTP_PROBLEM_##id,
    HTTP_PROBLEM_TABLE(HTTP_PROBLEM_ENUM)
#undef HTTP_PROBLEM_ENUM
};

int http_problem_status(enum http_problem problem);
const char *http_problem_code(enum http_problem problem);
/* The body; `about` says what exactly, in any language, or NULL. */
void http_problem_write(struct strbuf *out, enum http_problem problem, enum language language,
                        const char *about);
/* The same of somebody's own code and words. */
void http_problem_write_words(struct strbuf *out, int status, const char *code, const char *title,
                              const char *detail);
