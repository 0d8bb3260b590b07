/* SPDX-License-Identifier: Apache-2.0 */
/* The page's files, read once at start and answered from memory. */
#pragma once

#include "aggregator/aggregator_config.h"
#include "base/error.h"
#include "daemon/http_server.h"

#define API_FILES_MOST 80

struct api_files;
/* Every file of the folder that a page is made of (html, css, js, svg), and the charts' script.
 * Fills as many routes as *count says then, at most API_FILES_MOST, which borrow the result. NULL
 * when the folder holds no page; the charts' script may be missing: then its address says why and
 * the page shows tables. */
struct api_files *api_files_open(const struct aggregator_config *config, struct http_route *routes,
                                 size_t *count, struct error *error);
void api_files_close(struct api_files *files);
