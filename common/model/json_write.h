/* SPDX-License-Identifier: Apache-2.0 */
/* A document that was read, as text again; numbers as they were written. */
#pragma once

#include "base/strbuf.h"
#include "model/json.h"

/* On one line. `spaced`: a blank behind each colon and comma, for people. Depth is bounded by the
 * reader's limit. */
void json_write(struct strbuf *out, const struct json_value *value, bool spaced);
