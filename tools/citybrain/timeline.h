/* SPDX-License-Identifier: Apache-2.0 */
/* A day as a file: one JSON object a line, ordered by time: {"at": ms, "to": "/v1/feeds/hotline",
 * "item": {...}}. Items of one step and one door share a request; with a manual clock T moves after
 * the step's last 2xx. */
#pragma once

#include <stdint.h>

#include "citybrain/door.h"

struct timeline {
    int64_t step_ms;
    const char *clock_url; /* ingest's admin address, or NULL: the real clock */
};

bool timeline_send(const struct timeline *timeline, struct door *door, const char *path,
                   struct error *error);
