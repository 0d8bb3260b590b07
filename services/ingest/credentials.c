/* SPDX-License-Identifier: Apache-2.0 */
/* A token of a kind that only the read API knows opens no door. */
#include "ingest/credentials.h"

#include <stdlib.h>

#include "base/memory.h"
#include "ingest/core/door_names.h"
#include "model/token_table.h"

struct credentials {
    struct station_keys *keys;   /* owned; NULL without a file */
    struct token_table *tokens;  /* owned; NULL without a file */
    struct principal *principal; /* owned: one a row of the tokens */
    size_t count;                /* of those that open a door */
};

static bool is_named(const char *file)
{
    return file && file[0] != '\0';
}

static bool opens_door(const struct token_row *row)
{
    return row->kind == TOKEN_FEED || row->kind == TOKEN_UNIT;
}

static void know_tokens(struct credentials *credentials)
{
    const struct token_row *row;
    for (size_t i = 0; (row = token_table_at(credentials->tokens, i)); i++) {
        credentials->principal =
            xrealloc(credentials->principal, (i + 1) * sizeof *credentials->principal);
        credentials->principal[i] =
            (struct principal){row->kind == TOKEN_FEED ? PRINCIPAL_FEED : PRINCIPAL_UNIT, row->name,
                               row->party, row->name};
        credentials->count += opens_door(row);
    }
}

struct credentials *credentials_load(const char *keys_file, const char *tokens_file,
                                     struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics);
    struct credentials *credentials = xcalloc(1, sizeof *credentials);
    if (is_named(keys_file))
        credentials->keys = station_keys_load(keys_file, diagnostics);
    if (is_named(tokens_file))
        credentials->tokens = token_table_load(tokens_file, diagnostics);
    if (credentials->tokens)
        know_tokens(credentials);
    if (diagnostics_errors(diagnostics) == errors)
        return credentials;
    credentials_free(credentials);
    return NULL;
}

void credentials_check(const struct credentials *credentials, const struct feeds *feeds,
                       const struct registry *units, struct diagnostics *diagnostics)
{
    const struct door_names names = {
        .keys = credentials->keys, .tokens = credentials->tokens, .feeds = feeds, .units = units};
    door_names_check(&names, diagnostics);
}

void credentials_free(struct credentials *credentials)
{
    if (credentials == NULL)
        return;
    station_keys_free(credentials->keys);
    token_table_free(credentials->tokens);
    free(credentials->principal);
    free(credentials);
}

const struct station_keys *credentials_keys(const struct credentials *credentials)
{
    return credentials->keys;
}

const struct principal *credentials_token(const struct credentials *credentials,
                                          struct span authorization)
{
    const struct token_row *row =
        credentials->tokens ? token_table_find(credentials->tokens, authorization) : NULL;
    if (!row || !opens_door(row))
        return NULL;
    return &credentials->principal[row - token_table_at(credentials->tokens, 0)];
}

bool credentials_is_empty(const struct credentials *credentials)
{
    return credentials->count == 0 &&
           (credentials->keys == NULL || station_keys_count(credentials->keys) == 0);
}
