/* SPDX-License-Identifier: Apache-2.0 */
/* A record as one line: in words for people, as JSON for programs. */
#pragma once

#include "base/strbuf.h"
#include "citybrain/tap_record.h"
#include "model/case_kind.h"
#include "router/core/district.h"

struct tap_names {                   /* borrowed */
    const struct district *district; /* may lack registries: codes are shown then */
    const struct kinds *kinds;       /* NULL = none: our words for stages */
};

/* Without a line feed. */
void tap_show_words(struct strbuf *out, const struct tap_record *tap,
                    const struct tap_names *names);
void tap_show_json(struct strbuf *out, const struct tap_record *tap);
