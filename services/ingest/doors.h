/* SPDX-License-Identifier: Apache-2.0 */
/* What both doors share: who is asking, whether anything can be taken now, and where it goes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/daemon.h"
#include "daemon/http_server.h"
#include "ingest/admission.h"
#include "ingest/core/framing.h"
#include "ingest/core/normalise.h"
#include "ingest/core/quota.h"
#include "ingest/core/raw_item.h"
#include "ingest/ingest_clock.h"
#include "ingest/ingest_config.h"
#include "kafka/producer.h"

struct doors {
    struct daemon *daemon;
    const struct ingest_config *config;
    const struct ingest_clock *clock;
    struct admission *admission;
    struct quota quota;
    struct http_server *server;
    struct producer *producer;
    struct normalise trial;      /* reads every item for its verdict, as the normaliser will */
    struct raw_item item;        /* of a feed's upload */
    struct strbuf envelope;      /* of a CloudEvent whose attributes are headers */
    struct strbuf value, header; /* of a status */
    struct strbuf audit;         /* of a decision that a person makes in a browser */
    struct receipt *receipts, **last_receipt; /* requests that wait for the brokers, oldest first */
    size_t waiting;     /* requests between their first send and their answer */
    int64_t leaving_ms; /* the grace is over: nothing new is taken; 0 = not */
    int64_t drain_ms;   /* draining since; 0 = not */
    void (*drained)(void *context);
    void *drained_context;
    struct metric *requests, *items, *acknowledged, *shed, *connections;
    uv_timer_t look;  /* at the brokers, for /readyz, and at who waits too long */
    uv_timer_t grace; /* of a drain */
    struct http_route routes[3];
};

struct doors *doors_open(struct daemon *daemon, const struct ingest_config *config,
                         const struct ingest_clock *clock, struct error *error);
/* After a grace nothing new is taken; `done` once all that was taken is answered and the answers
 * are sent. */
void doors_drain(struct doors *doors, void (*done)(void *context), void *context);

const struct http_route *doors_status_route(const struct doors *doors);
/* A request that waited for the brokers was answered. */
void doors_answered(struct doors *doors);
/* The caller, if he may speak for that feed or unit; else the request was answered. */
const struct principal *doors_admit(struct doors *doors, struct http_request *request,
                                    enum principal_kind kind, struct span name);
/* Brokers up and with room, time known, not leaving; else the request was answered 503. */
bool doors_ready(struct doors *doors, struct http_request *request);
/* An upload is taken whole or not at all, so its items are counted first: into *rows, or the
 * request was answered 413 because they are too many, or one is longer than `item_most` bytes, or
 * all of them, each with its header line, are more than a request may put under way. */
bool doors_count(struct doors *doors, struct http_request *request, enum framing_form form,
                 struct csv_form csv, int64_t item_most, int64_t *rows);
