/* SPDX-License-Identifier: Apache-2.0 */
/* Questions of a verb to the aggregator's read-only API (docs/openapi.yaml), asked as whoever the
 * token of $CITYBRAIN_API_TOKEN is, as nobody without one. */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "base/strbuf.h"

#define READ_API_HELP                                                                              \
    "--url: the aggregator's API (default $CITYBRAIN_API or http://127.0.0.1:29340); where it "    \
    "lets\n"                                                                                       \
    "nobody in without a token, CITYBRAIN_API_TOKEN is yours\n"

struct read_api;
/* verb: its name for what is told; url: of the API, NULL = $CITYBRAIN_API or the usual one. Both
 * are borrowed. */
struct read_api *read_api_new(const char *verb, const char *url);
void read_api_free(struct read_api *api);
bool read_api_is_somebody(const struct read_api *api); /* asks with a token */

/* GET path (from its slash on; what it holds stands in a URL as it is). The status of the answer,
 * whose body is in *answer, or 0: nobody answered, or whoever asks was not let in or asked too
 * often; stderr says which and what to do about it. */
int read_api_ask(struct read_api *api, const char *path, struct strbuf *answer);

/* Says of an answer that is no 200 what the API says of it, its detail where it is a problem.
 * about: what was asked for, or NULL. */
void read_api_say(const struct read_api *api, const char *about, int status, struct span answer);
