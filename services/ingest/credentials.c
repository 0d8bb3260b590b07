/* SPDX-License-Identifier: Apache-2.0 */
/* Every token is compared in constant time and all of them are, so that neither a token nor its
 * place in the file can be found by measuring. */
#include "ingest/credentials.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/csv.h"
#include "base/digest.h"
#include "base/memory.h"

#define MAX_FILE (4 << 20)

struct entry {
    struct span token;
    struct principal principal;
};

struct credentials {
    struct station_keys *keys; /* owned; NULL without a file */
    char *text;                /* owned; the entries' home */
    struct entry *entries;
    size_t count;
};

static char *read_file(const char *file, size_t *len)
{
    FILE *in = fopen(file, "rb");
    if (in == NULL)
        return NULL;
    char *text = xmalloc(MAX_FILE);
    *len = fread(text, 1, MAX_FILE, in);
    fclose(in);
    return text;
}

static bool read_entry(struct entry *entry, struct span row, struct place place,
                       struct diagnostics *diagnostics)
{
    struct span cells[4];
    size_t count = 0;
    if (csv_split(row, ',', cells, ARRAY_LENGTH(cells), &count, NULL) != CSV_OK || count != 4 ||
        cells[0].len < 8) {
        diagnostics_add(diagnostics, place, "token,kind,name,party",
                        "not a token of at least 8 bytes with three words behind it");
        return false;
    }
    bool feed = span_is(cells[1], "feed");
    if (!feed && !span_is(cells[1], "unit")) {
        diagnostics_add(diagnostics, place, "feed or unit", "unknown kind %.*s",
                        SPAN_ARG(cells[1]));
        return false;
    }
    entry->token = cells[0];
    entry->principal =
        (struct principal){feed ? PRINCIPAL_FEED : PRINCIPAL_UNIT, cells[2], cells[3], cells[2]};
    return true;
}

static void load_tokens(struct credentials *credentials, const char *file,
                        struct diagnostics *diagnostics)
{
    size_t len = 0;
    struct place place = {file, 0, 1};
    bool header = true;
    credentials->text = read_file(file, &len);
    if (credentials->text == NULL)
        diagnostics_add(diagnostics, (struct place){file, 0, 0}, "token,kind,name,party",
                        "cannot be read");
    struct span rest = span_from(credentials->text, len);
    while (rest.at) {
        struct span row = span_trim(span_cut(&rest, '\n'));
        struct entry entry;
        place.line++;
        if (row.len == 0 || row.at[0] == '#')
            continue;
        if (header && span_starts(row, SPAN("token,"))) {
            header = false;
            continue;
        }
        header = false;
        if (!read_entry(&entry, row, place, diagnostics))
            continue;
        credentials->entries =
            xrealloc(credentials->entries, (credentials->count + 1) * sizeof entry);
        credentials->entries[credentials->count++] = entry;
    }
}

static bool is_named(const char *file)
{
    return file && file[0] != '\0';
}

struct credentials *credentials_load(const char *keys_file, const char *tokens_file,
                                     struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics);
    struct credentials *credentials = xcalloc(1, sizeof *credentials);
    if (is_named(keys_file))
        credentials->keys = station_keys_load(keys_file, diagnostics);
    if (is_named(tokens_file))
        load_tokens(credentials, tokens_file, diagnostics);
    if (diagnostics_errors(diagnostics) == errors)
        return credentials;
    credentials_free(credentials);
    return NULL;
}

void credentials_free(struct credentials *credentials)
{
    if (credentials == NULL)
        return;
    station_keys_free(credentials->keys);
    free(credentials->entries);
    free(credentials->text);
    free(credentials);
}

const struct station_keys *credentials_keys(const struct credentials *credentials)
{
    return credentials->keys;
}

const struct principal *credentials_token(const struct credentials *credentials,
                                          struct span authorization)
{
    const struct principal *found = NULL;
    if (authorization.at == NULL || !span_starts(authorization, SPAN("Bearer ")))
        return NULL;
    struct span token = span_trim(span_from(authorization.at + 7, authorization.len - 7));
    for (size_t i = 0; i < credentials->count; i++)
        if (digest_equal(token, credentials->entries[i].token))
            found = &credentials->entries[i].principal;
    return found;
}

bool credentials_is_empty(const struct credentials *credentials)
{
    return credentials->count == 0 &&
           (credentials->keys == NULL || station_keys_count(credentials->keys) == 0);
}
