/* SPDX-License-Identifier: Apache-2.0 */
/* The read-only API and the page. */
#pragma once

#include <stdbool.h>

#include "aggregator/aggregator_config.h"
#include "daemon/daemon.h"

struct api_http;
struct api_http *api_http_open(struct daemon *daemon, const struct aggregator_config *config,
                               struct error *error); /* NULL on error */
