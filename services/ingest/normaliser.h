/* SPDX-License-Identifier: Apache-2.0 */
/* raw and status.* to events and dead, through the transform loop. */
#pragma once

#include "daemon/daemon.h"
#include "ingest/core/normalise.h"
#include "ingest/feed_metrics.h"
#include "ingest/ingest_config.h"
#include "kafka/transform.h"

#define NORMALISER_RAW 0 /* the source's index */

struct normaliser {
    const struct ingest_config *config;
    struct normalise normalise;
    struct transform *transform;
    struct metric *records, *events, *mappings;
    struct feed_metrics feeds;
    /* raw/0 came with this metadata: the newest T. */
    void (*took_time)(void *context, struct span metadata);
    void *context;
};

bool normaliser_open(struct normaliser *normaliser, struct daemon *daemon,
                     const struct ingest_config *config, struct error *error);
