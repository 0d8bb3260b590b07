/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the read API from its parameters to its answer: who asks, what, with which
 * question to the database, and what is made of the rows. */
#pragma once

#include "aggregator/api_access.h"
#include "aggregator/api_pool.h"
#include "aggregator/api_reply.h"
#include "aggregator/core/api_place.h"
#include "aggregator/core/shared_answers.h"

#define API_CALL_ROWS 100 /* of a page, where nobody says otherwise */

struct api_freshness;
struct api_wait;
struct api { /* what every handler has */
    struct daemon *daemon;
    const struct aggregator_config *config;
    struct api_pool *pool;
    struct api_access *access;
    struct api_wait *wait;
    struct api_freshness *freshness;
    struct shared_answers *shared;
    char events[256]; /* the topic's full name */
};

struct api_call {
    struct api *api; /* borrowed, as `request` until it is answered */
    struct http_request *request;
    struct api_asker asker;
    struct api_query query; /* its spans are the request's */
    struct strbuf types;    /* but of type_code, where groups of types are asked for */
    enum language language;
    int64_t limit;
    /* May be asked again, so it keeps nothing. */
    void (*build)(struct api_call *call, struct sql_ask *ask);
    /* On a worker thread; NULL: the body is the only value. */
    bool (*write)(struct api_call *call, const PGresult *result, struct strbuf *body);
    /* True when it has answered, or keeps the call; NULL: the body is the answer. */
    bool (*found)(struct api_call *call, enum api_outcome outcome, struct span body);
    const char *content_type; /* NULL = JSON */
    /* What `write` found. */
    struct api_place place;
    size_t rows;
    bool gone;
    int64_t ticket; /* of an answer that is kept: kept_answer_take */
    /* Of calls that wait. */
    int64_t until_ms;
    bool waits;     /* it waited, or does: one of aggregator.api_waiting */
    bool settled;   /* asked since the last look at the log */
    unsigned moves; /* of the log, when it was asked last */
    struct api_call *next;
};

/* A call without parameters yet. NULL when it has answered: nobody's token, too often. */
struct api_call *api_call_admit(struct api *api, struct http_request *request);
/* NULL when it has answered: nobody's token, too often, a parameter that is wrong. */
struct api_call *api_call_begin(struct api *api, struct http_request *request,
                                const struct api_parameter *table, size_t count);
/* Adds type_group to a table that has room for it, where there are such groups: how many it has
 * now. What is asked by it stands in the query's type_code, beside what is asked by that. */
size_t api_call_offer_groups(const struct api *api, struct api_parameter *table, size_t count);
/* Asks the database; the call ends with the answer. */
void api_call_ask(struct api_call *call);
void api_call_end(struct api_call *call);
/* Answers what was written from memory, or 413 where it had no more room; frees it. The call ends.
 */
void api_call_reply(struct api_call *call, struct strbuf *body);
/* 403. */
void api_call_forbid(struct api_call *call);
/* False when it has answered: only who sees the whole district may ask this. */
bool api_call_is_for_all(struct api_call *call);
/* False when it has answered 400: both moments are there and the second is before the first. */
bool api_call_has_range(struct api_call *call, const char *from, const char *to);

/* A page: columns now, key, row (JSON); as many rows as the limit and one more where there are
 * more. "now", "rows", "next": next is the last row's key, or null. A page is an object of them. */
bool api_call_write_members(struct api_call *call, const PGresult *result, struct strbuf *body);
bool api_call_write_page(struct api_call *call, const PGresult *result, struct strbuf *body);
/* The question of such a page around its rows: columns key, ord and row. */
void api_call_begin_page(struct sql_ask *ask);
void api_call_end_page(struct api_call *call, struct sql_ask *ask);
/* " AND …": only what the asker may see of core.case_now AS n. */
void api_call_add_own(const struct api_call *call, struct sql_ask *ask);
