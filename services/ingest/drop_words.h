/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a dropped file's receipts. */
#pragma once

#include "base/strbuf.h"
#include "ingest/core/verdict.h"
#include "ingest/drop_file.h"
#include "ingest/drop_receipt.h"

const char *drop_words_form(enum framing_form form); /* csv, lines, array */
/* A file's name as valid text. */
struct span drop_words_name(const char *name, struct arena *arena);
/* One rejected record, a line in each language. */
void drop_words_reject(struct strbuf *out, const struct verdict *verdict);
/* What stands above these lines. */
void drop_words_text(struct strbuf *out, const struct drop_file *file,
                     const struct drop_receipt *receipt, enum drop_result result);
/* The same as a JSON object whose bracket is still open. */
void drop_words_json(struct strbuf *out, const struct drop_file *file,
                     const struct drop_receipt *receipt, enum drop_result result);
