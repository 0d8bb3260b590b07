/* SPDX-License-Identifier: Apache-2.0 */
/* The router's shell: its transform, its metrics, its drain. */
#pragma once

#include <stdbool.h>

#include "daemon/daemon.h"
#include "router/router_config.h"

struct router;
struct router *router_open(struct daemon *daemon, const struct router_config *config,
                           struct error *error);
void router_drain(void *router); /* ends in daemon_stopped */
