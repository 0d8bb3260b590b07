/* SPDX-License-Identifier: Apache-2.0 */
/* A content type as RFC 9110 has it: type/subtype without regard to case, then parameters. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

/* "Text/CSV; charset=utf-8" is text/csv. `type` is in lower case. */
bool media_type_is(struct span content_type, const char *type);
bool media_type_starts(struct span content_type, const char *front);
/* application/json, text/json or anything ending in +json. */
bool media_type_is_json(struct span content_type);
/* A parameter's value without its quotes; absent where it is not named. */
struct span media_type_parameter(struct span content_type, const char *name);
/* Compares without regard to the case of ASCII letters; `text` is in lower case. */
bool media_type_equal(struct span s, const char *text);
