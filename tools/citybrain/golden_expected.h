/* SPDX-License-Identifier: Apache-2.0 */
/* expected.jsonl of a golden case, and what came beside it: the same for cases of every sort. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "citybrain/golden_diff.h"

#define GOLDEN_MOST_BYTES  ((size_t)16 << 20) /* of a file of a case */
#define GOLDEN_ARENA_BYTES ((size_t)64 << 20) /* texts and trees of both sides */

enum golden_verdict { GOLDEN_AS_WRITTEN, GOLDEN_DIFFERS, GOLDEN_UNREADABLE };

struct golden_result {
    enum golden_verdict verdict;
    size_t lines, differences;
    bool nothing;          /* whoever writes this down promises that nothing good comes of it */
    struct strbuf why;     /* owned: what differs, lines of text */
    struct strbuf written; /* owned: expected.jsonl as it would have to be */
};
void golden_result_init(struct golden_result *result);
void golden_result_fini(struct golden_result *result);
/* Lines, differences and verdict of what was expected and what came; frees both lists. */
void golden_result_judge(struct golden_result *result, struct golden_lines *expected,
                         struct golden_lines *got, bool broken);

struct golden_expected { /* what reading needs; borrowed */
    struct json_reader *reader;
    struct arena *arena; /* keeps the lines */
    struct strbuf *file;
    const char *const *words; /* the one member a line may have, NULL behind the last */
};
/* False when a line cannot be read; the reason on `why`. A file that is not there is said there. */
bool golden_expected_read(const struct golden_expected *expected, const char *folder,
                          struct golden_lines *lines, struct strbuf *why);
bool golden_expected_write(const char *folder, const struct golden_result *result,
                           struct error *error);
/* A file of a case; false when it cannot be read whole. */
bool golden_expected_file(const char *path, struct strbuf *into);
