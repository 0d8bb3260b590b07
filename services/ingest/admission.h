/* SPDX-License-Identifier: Apache-2.0 */
/* Who may speak at a door: one question for every request, asked by its credential alone. */
#pragma once

#include <stdbool.h>

#include "daemon/daemon.h"
#include "daemon/http_server.h"
#include "ingest/ingest_config.h"

struct admission;
/* `config` is borrowed for life. */
struct admission *admission_new(struct daemon *daemon, const struct ingest_config *config);
/* The caller, if he may speak for that feed or unit; else the request was answered: 401, always the
 * same one; 403 to a token that is another's; 429 when there is no room for one more message id.
 * Each refusal is one audit line. The principal is good until the handler returns. */
const struct principal *admission_admit(struct admission *admission, struct http_request *request,
                                        enum principal_kind kind, struct span name);
/* Before the body is there: whose key the request names, absent where it names none of ours. A
 * token is judged here already (*proven), and false is returned where it was refused. */
bool admission_greet(struct admission *admission, struct http_request *request,
                     enum principal_kind kind, struct span name, struct span *station,
                     bool *proven);
/* Reads keys and tokens again: all of them, or none and the old ones stay. */
void admission_reload(struct admission *admission);
