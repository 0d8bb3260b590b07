/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the daemon by role, from sink to source. */
#pragma once

#include "daemon/daemon.h"
#include "ingest/ingest_config.h"

struct ingest;

/* Routes of the admin port (GET and POST /clock); the context is set by ingest_open. */
const struct http_route *ingest_admin_routes(size_t *count);
/* NULL on error: the process leaves at once. `config` is borrowed for life. */
struct ingest *ingest_open(struct daemon *daemon, const struct ingest_config *config,
                           struct error *error);
void ingest_drain(void *ingest); /* doors first, then the transform; then daemon_stopped */
