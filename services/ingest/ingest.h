/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the daemon by role, from sink to source. */
#pragma once

#include "daemon/daemon.h"
#include "ingest/ingest_config.h"

struct ingest;

/* `config` is borrowed for life. Made before the daemon, whose admin port has routes of ours. */
struct ingest *ingest_new(const struct ingest_config *config);
const struct http_route *ingest_admin_routes(const struct ingest *ingest,
                                             size_t *count); /* /clock */
/* False on error: the process leaves at once. */
bool ingest_open(struct ingest *ingest, struct daemon *daemon, struct error *error);
void ingest_drain(void *ingest); /* doors first, then the transform; then daemon_stopped */
