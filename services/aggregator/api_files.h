/* SPDX-License-Identifier: Apache-2.0 */
/* The page's files, read once at start and answered from memory. */
#pragma once

#include "aggregator/aggregator_config.h"
#include "base/error.h"
#include "daemon/http_server.h"

#define API_FILES_ROUTES 5

struct api_files;
/* Fills API_FILES_ROUTES routes, which borrow the result. NULL when a file of the page cannot be
 * read; the charts' script may be missing: then its address says why and the page shows tables. */
struct api_files *api_files_open(const struct aggregator_config *config, struct http_route *routes,
                                 struct error *error);
void api_files_close(struct api_files *files);
