/* SPDX-License-Identifier: Apache-2.0 */
/* What a file's name says of its content, beside the feed's mapping:
 *
 *   orders.csv            the feed's charset and format
 *   orders.gbk.csv        this file is GB18030, whatever the feed says (utf8, utf-8, gb2312 …)
 *   orders.json           one array or one record; orders.ndjson and .jsonl a record a line
 */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "ingest/core/framing.h"
#include "ingest/core/mapping.h"

struct file_terms {
    enum charset charset;
    enum framing_form form;
};

/* False: the name says another format than the feed's. */
bool file_terms_read(struct file_terms *terms, struct span name, const struct mapping *mapping);
/* A name that a sender gives to what is not finished: hidden, .tmp, .part, .partial, .filepart,
 * .crdownload, or with ~ at the end. */
bool file_terms_is_unfinished(struct span name);
