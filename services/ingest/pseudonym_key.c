/* SPDX-License-Identifier: Apache-2.0 */
/* A key that is lost or changed makes strangers of all callers, so none is made here. */
#include "ingest/pseudonym_key.h"

#include <stdio.h>
#include <string.h>

static const char fix[] =
    "ingest.pseudonym_key or CITYBRAIN_PSEUDONYM_KEY: a file kept apart from the configuration, "
    "made once by: head -c 32 /dev/urandom | base64";

void pseudonym_key_load(struct pseudonym_key *key, const struct feeds *feeds,
                        struct diagnostics *diagnostics)
{
    const struct mapping *needs = feeds_that_need_key(feeds);
    if (key->file[0] == '\0') {
        if (needs)
            diagnostics_add(diagnostics, needs->place, fix, "a pseudonym has no key");
        return;
    }
    FILE *input = fopen(key->file, "rb");
    size_t len = input ? fread(key->text, 1, sizeof key->text - 1, input) : 0;
    struct span text = span_trim(span_from(key->text, len));
    if (input)
        fclose(input);
    if (text.len < PSEUDONYM_KEY_MIN)
        diagnostics_add(diagnostics, (struct place){key->file, 0, 0}, fix,
                        input ? "the key is shorter than %d bytes" : "no key of at least %d bytes",
                        PSEUDONYM_KEY_MIN);
    memmove(key->text, text.at, text.len);
    key->text[text.len] = '\0';
}
