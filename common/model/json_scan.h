/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in one pass. It builds the very same tree as the parser of json.c, and takes no document
 * that it would not take. */
#pragma once

#include "model/json.h"

/* REJECT_NONE and *root, or what is wrong at *bad_at, or REJECT_NONE without a root: the form of
 * the document is broken there. `in` is valid UTF-8; texts without escapes borrow it. */
enum reject json_scan(struct span in, const struct json_limits *limits, struct arena *arena,
                      const struct json_value **root, size_t *bad_at);
/* The same of what lies so deep within a document. */
enum reject json_scan_within(struct span in, const struct json_limits *limits, size_t depth,
                             struct arena *arena, const struct json_value **root, size_t *bad_at);
