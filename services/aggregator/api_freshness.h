/* SPDX-License-Identifier: Apache-2.0 */
/* How old a number may be: how far each partition is read and ticked, what came last of each feed,
 * and whether the ledger closes. */
#pragma once

#include "aggregator/api_call.h"

struct api_freshness;
struct api_freshness *api_freshness_new(void);
void api_freshness_free(struct api_freshness *freshness);
void api_freshness_answer(void *api, struct http_request *request);
