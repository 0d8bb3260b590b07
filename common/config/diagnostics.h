/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with files people wrote: every finding has file:line:col, cause and fix. Collected,
 * so that `check` shows all of them at once; a loader that added an error returns false. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"
#include "base/error.h"
#include "base/span.h"

struct place {
    const char *file; /* borrowed for the life of the diagnostics' owner */
    int line, col;    /* from 1; 0 = whole file */
};

/* Where `text`, which begins there, ends: lines and, as YAML counts them, characters. */
struct place diagnostics_place_behind(struct place place, struct span text);

struct diagnostics; /* grows; process or load lifetime */
struct diagnostics *diagnostics_new(void);
void diagnostics_free(struct diagnostics *diagnostics);
/* `fix` may be "" ; `cause` is a format. */
void diagnostics_add(struct diagnostics *diagnostics, struct place place, const char *fix,
                     const char *cause, ...) PRINTF_LIKE(4, 5);
void diagnostics_warn(struct diagnostics *diagnostics, struct place place, const char *fix,
                      const char *cause, ...) PRINTF_LIKE(4, 5);
/* A file's text, which begins there, behind its byte order mark; none, and an error where the first
 * bytes are that are no UTF-8. */
struct span diagnostics_text(struct diagnostics *diagnostics, struct place begin, struct span text);
size_t diagnostics_errors(const struct diagnostics *diagnostics);
size_t diagnostics_warnings(const struct diagnostics *diagnostics);
/* One line each, "file:line:col: error: cause; fix: ..."; called in the order added. */
void diagnostics_each(const struct diagnostics *diagnostics, void (*show)(void *, const char *line),
                      void *context);
/* The same in its parts; texts are borrowed during the call. */
struct diagnostics_finding {
    bool is_error;
    struct span place; /* "file:line:col", shorter where less is known */
    struct span cause, fix;
};
void diagnostics_each_finding(const struct diagnostics *diagnostics,
                              void (*show)(void *, const struct diagnostics_finding *finding),
                              void *context);
/* First error as struct error of kind ERROR_CONFIG (with "and N more"); true when there is none. */
bool diagnostics_to_error(const struct diagnostics *diagnostics, struct error *error);
/* The candidate nearest to `word` by edit distance (<= 1/3 of its length), or NULL: "did you mean".
 */
const char *diagnostics_nearest(const char *word, const char *const *candidates, size_t count);
