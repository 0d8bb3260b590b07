/* SPDX-License-Identifier: Apache-2.0 */
/* What the read API says: JSON with a tag of its content, "unchanged" to who has it already, and
 * problems (RFC 9457) in the language that was asked for, naming the parameter where it is one. */
#pragma once

#include "aggregator/api_pool.h"
#include "aggregator/core/api_query.h"
#include "daemon/http_server.h"

struct api_words { /* Chinese, English */
    const char *title[2], *detail[2];
};

/* A tag of ours is in the list of an If-None-Match, weak or not; "*" is any. */
bool api_reply_is_known(struct span list, const char *tag);
void api_reply_body(struct http_request *request, const char *content_type, struct span body);
void api_reply_json(struct http_request *request, struct span body);
void api_reply_problem(struct http_request *request, int status, const char *code,
                       const struct api_words *words);
/* What became of a question that found nothing to say. */
void api_reply_outcome(struct http_request *request, enum api_outcome outcome);
/* Reads the request's parameters by the table; false when it has answered 400. */
bool api_reply_query(struct http_request *request, struct api_query *query,
                     const struct api_parameter *table, size_t count, int zone_minutes);
/* 400 that names a parameter. */
void api_reply_bad(struct http_request *request, const char *parameter,
                   const struct api_words *words);
/* By `lang`, else by Accept-Language. */
enum language api_reply_language(const struct http_request *request, struct span lang);
