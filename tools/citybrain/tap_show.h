/* SPDX-License-Identifier: Apache-2.0 */
/* A record as one line: in words for people, as JSON for programs. */
#pragma once

#include "base/strbuf.h"
#include "citybrain/tap_record.h"
#include "router/core/district.h"

/* Without a line feed. `district` may lack registries: codes are shown then. */
void tap_show_words(struct strbuf *out, const struct tap_record *tap,
                    const struct district *district);
void tap_show_json(struct strbuf *out, const struct tap_record *tap);
