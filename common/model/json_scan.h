/* SPDX-License-Identifier: Apache-2.0 */
/* The common case of JSON in one pass. It accepts a subset of what json_read accepts and builds the
 * very same tree for it; what it is not sure of it leaves to the parser. */
#pragma once

#include "model/json.h"

#define JSON_MOST_DEPTH   32
#define JSON_MOST_MEMBERS 1024 /* of an object: each key is compared with those before it */

/* NULL when it leaves the document alone: anything that is not one object or array, \u escapes,
 * every fault, a full arena. `in` is valid UTF-8; texts without escapes borrow it. */
const struct json_value *json_scan(struct span in, struct arena *arena);
