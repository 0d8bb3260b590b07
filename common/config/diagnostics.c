/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about files people wrote, kept as finished lines in the order they were found. A finding
 * is rendered when it is added, so it outlives the document it speaks of. */
#include "config/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#define LINE_MAX_BYTES ((size_t)2000)
#define WORD_MAX       ((size_t)64)

struct finding {
    bool is_error;
    char *line;        /* owned: file:line:col: error: cause; fix: … */
    size_t place_len;  /* of "file:line:col: " */
    size_t marked_len; /* of that and "error: " */
    size_t cause_len;
};

struct diagnostics {
    struct finding *findings; /* owned */
    size_t count, capacity;
    size_t errors;
};

struct place diagnostics_place_behind(struct place place, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool return_alone = text.at[i] == '\r' && (i + 1 == text.len || text.at[i + 1] != '\n');
        if (text.at[i] == '\n' || return_alone) {
            place.line++;
            place.col = 1;
        } else {
            place.col += ((unsigned char)text.at[i] & 0xC0) != 0x80;
        }
    }
    return place;
}

struct diagnostics *diagnostics_new(void)
{
    return xcalloc(1, sizeof(struct diagnostics));
}

void diagnostics_free(struct diagnostics *diagnostics)
{
    if (diagnostics == NULL)
        return;
    for (size_t i = 0; i < diagnostics->count; i++)
        free(diagnostics->findings[i].line);
    free(diagnostics->findings);
    free(diagnostics);
}

static struct finding *append(struct diagnostics *diagnostics)
{
    if (diagnostics->count == diagnostics->capacity) {
        diagnostics->capacity = diagnostics->capacity ? diagnostics->capacity * 2 : 16;
        diagnostics->findings =
            xrealloc(diagnostics->findings, diagnostics->capacity * sizeof(struct finding));
    }
    return &diagnostics->findings[diagnostics->count++];
}

static void add_place(struct strbuf *buf, struct place place)
{
    if (place.file != NULL)
        strbuf_addf(buf, "%s:", place.file);
    if (place.line > 0)
        strbuf_addf(buf, "%d:%d:", place.line, place.col);
    if (buf->len > 0)
        strbuf_add_char(buf, ' ');
}

static void add_finding(struct diagnostics *diagnostics, bool is_error, struct place place,
                        const char *fix, const char *cause)
{
    struct strbuf buf;
    strbuf_init(&buf, 160, 4 * LINE_MAX_BYTES);
    add_place(&buf, place);
    size_t place_len = buf.len;
    strbuf_addf(&buf, "%s: ", is_error ? "error" : "warning");
    size_t marked_len = buf.len;
    strbuf_addf(&buf, "%s", cause);
    size_t cause_len = buf.len - marked_len;
    if (fix != NULL && fix[0] != '\0')
        strbuf_addf(&buf, "; fix: %s", fix);

    *append(diagnostics) = (struct finding){.is_error = is_error,
                                            .line = xspandup(strbuf_span(&buf)),
                                            .place_len = place_len,
                                            .marked_len = marked_len,
                                            .cause_len = cause_len};
    diagnostics->errors += is_error;
    strbuf_fini(&buf);
}

void diagnostics_add(struct diagnostics *diagnostics, struct place place, const char *fix,
                     const char *cause, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, cause);
    vsnprintf(text, sizeof(text), cause, args);
    va_end(args);
    add_finding(diagnostics, true, place, fix, text);
}

void diagnostics_warn(struct diagnostics *diagnostics, struct place place, const char *fix,
                      const char *cause, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, cause);
    vsnprintf(text, sizeof(text), cause, args);
    va_end(args);
    add_finding(diagnostics, false, place, fix, text);
}

struct span diagnostics_text(struct diagnostics *diagnostics, struct place begin, struct span text)
{
    text = utf8_without_mark(text);
    size_t good = utf8_valid_prefix(text);
    if (good == text.len)
        return text;
    diagnostics_add(diagnostics, diagnostics_place_behind(begin, span_from(text.at, good)),
                    "save the file as UTF-8 (Excel: CSV UTF-8)",
                    "byte 0x%02X is no UTF-8 (GBK? 不是UTF-8编码)", (unsigned char)text.at[good]);
    return SPAN_NONE;
}

size_t diagnostics_errors(const struct diagnostics *diagnostics)
{
    return diagnostics->errors;
}

size_t diagnostics_warnings(const struct diagnostics *diagnostics)
{
    return diagnostics->count - diagnostics->errors;
}

void diagnostics_each(const struct diagnostics *diagnostics, void (*show)(void *, const char *line),
                      void *context)
{
    for (size_t i = 0; i < diagnostics->count; i++)
        show(context, diagnostics->findings[i].line);
}

/* Between the parts stand ": ", "error: " and "; fix: ". */
void diagnostics_each_finding(const struct diagnostics *diagnostics,
                              void (*show)(void *, const struct diagnostics_finding *finding),
                              void *context)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct finding *one = &diagnostics->findings[i];
        size_t len = strlen(one->line), behind = one->marked_len + one->cause_len;
        size_t fix = behind + sizeof("; fix: ") - 1;
        struct diagnostics_finding parts = {
            .is_error = one->is_error,
            .place = span_from(one->line, one->place_len > 2 ? one->place_len - 2 : 0),
            .cause = span_from(one->line + one->marked_len, one->cause_len),
            .fix = len > fix ? span_from(one->line + fix, len - fix) : SPAN("")};
        show(context, &parts);
    }
}

bool diagnostics_to_error(const struct diagnostics *diagnostics, struct error *error)
{
    if (diagnostics->errors == 0)
        return true;
    const struct finding *first = diagnostics->findings;
    while (!first->is_error)
        first++;
    char more[40] = "";
    if (diagnostics->errors > 1)
        snprintf(more, sizeof(more), " (and %zu more)", diagnostics->errors - 1);
    /* The count stays readable even where the cause is cut. */
    int cause_room = (int)(sizeof(error->text) - sizeof(more)) - (int)first->place_len;
    error_set(error, ERROR_CONFIG, 0, "%.*s%.*s%s", (int)first->place_len, first->line,
              cause_room > 0 ? cause_room : 0, first->line + first->marked_len, more);
    return false;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, remove, replace, swap of neighbours) between two words, both at most 2 * WORD_MAX.
 */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][2 * WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = smaller(above[j - 1] + (a[i - 1] != b[j - 1]),
                             smaller(above[j] + 1, row[j - 1] + 1));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped)
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[b_len];
}

const char *diagnostics_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t len = strlen(word);
    if (len > WORD_MAX)
        return NULL;
    const char *nearest = NULL;
    size_t best = len / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t candidate_len = strlen(candidates[i]);
        if (candidate_len >= len + best || candidate_len > 2 * WORD_MAX)
            continue;
        size_t edits = distance(word, len, candidates[i], candidate_len);
        if (edits < best) {
            best = edits;
            nearest = candidates[i];
        }
    }
    return nearest;
}
