/* SPDX-License-Identifier: Apache-2.0 */
/* Names are compared without case: what comes from Windows is often written large. */
#include "ingest/core/file_terms.h"

#include <strings.h>

#include "base/base.h"

/* Cuts the part behind the last dot off; absent where there is no dot. */
static struct span cut_suffix(struct span *name)
{
    for (size_t i = name->len; i-- > 1;) {
        if (name->at[i] != '.')
            continue;
        struct span suffix = span_from(name->at + i + 1, name->len - i - 1);
        name->len = i;
        return suffix;
    }
    return SPAN_NONE;
}

static bool is_word(struct span text, const char *word)
{
    return text.at && text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

bool file_terms_read(struct file_terms *terms, struct span name, const struct mapping *mapping)
{
    struct span suffix = cut_suffix(&name), said = cut_suffix(&name);
    bool csv = mapping->format == MAPPING_CSV;
    bool lines = is_word(suffix, "ndjson") || is_word(suffix, "jsonl");
    bool array = is_word(suffix, "json");
    terms->charset = mapping->charset;
    if (said.at)
        (void)charset_parse(said, &terms->charset); /* else an ordinary part of the name */
    if (csv) {
        terms->form = FRAMING_CSV;
        return !lines && !array;
    }
    terms->form =
        array || (!lines && mapping->format == MAPPING_JSON) ? FRAMING_ARRAY : FRAMING_LINES;
    return !is_word(suffix, "csv");
}

bool file_terms_is_unfinished(struct span name)
{
    static const char *const words[] = {"tmp", "part", "partial", "filepart", "crdownload"};
    if (name.len == 0 || name.at[0] == '.' || name.at[name.len - 1] == '~')
        return true;
    struct span suffix = cut_suffix(&name);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (is_word(suffix, words[i]))
            return true;
    return false;
}
