/* SPDX-License-Identifier: Apache-2.0 */
/* Read whole into memory that is wiped when it is let go. */
#include "ingest/core/station_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/csv.h"
#include "base/memory.h"

#define MAX_FILE (4 << 20)

struct station_keys {
    char *text; /* owned; the keys' names lie in it */
    size_t size;
    struct station_key *at; /* owned */
    size_t count, capacity;
};

static bool is_private(int fd, struct place place, struct diagnostics *diagnostics)
{
    struct stat stat;
    if (fstat(fd, &stat) == 0 && (stat.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0)
        return true;
    diagnostics_add(diagnostics, place, "chmod 600, or 640 with the daemon's group",
                    "keys are not for everybody to read or for others to change");
    return false;
}

static bool read_file(struct station_keys *keys, struct place place,
                      struct diagnostics *diagnostics)
{
    int fd = open(place.file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        diagnostics_add(diagnostics, place, "citybrain key create --help", "cannot be read: %s",
                        strerror(errno));
        return false;
    }
    bool good = is_private(fd, place, diagnostics);
    keys->text = xcalloc(1, MAX_FILE + 1);
    ssize_t n = 1;
    while (good && keys->size < MAX_FILE && n > 0) {
        n = read(fd, keys->text + keys->size, MAX_FILE - keys->size);
        keys->size += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    if (good && (n < 0 || keys->size == MAX_FILE)) {
        diagnostics_add(diagnostics, place, "one short row a key", "cannot be read as a table");
        return false;
    }
    return good;
}

static size_t live_keys(const struct station_keys *keys, struct span station)
{
    size_t live = 0;
    for (size_t i = 0; i < keys->count; i++)
        live += span_equal(keys->at[i].principal.station, station);
    return live;
}

static const char *fault_of_key(const struct station_keys *keys, const struct station_key *key,
                                struct span kind)
{
    const struct principal *principal = &key->principal;
    if (!signature_is_name(principal->station, 1, SIGNATURE_NAME_MAX) ||
        !signature_is_name(key->key, 1, SIGNATURE_NAME_MAX))
        return "station and key are 1 to 32 letters, digits, - _ .";
    if (!span_is(kind, "feed") && !span_is(kind, "unit"))
        return "the kind is feed or unit";
    if (principal->names.len == 0 || principal->party.len == 0)
        return "names and party are needed";
    if (principal->kind == PRINCIPAL_UNIT && span_find(principal->names, ';') >= 0)
        return "a key speaks for one unit";
    if (station_keys_find(keys, principal->station, key->key))
        return "this key of the station stands in the file already";
    if (live_keys(keys, principal->station) == STATION_KEYS_LIVE)
        return "a station has at most two keys; retire one first";
    return NULL;
}

static void add_row(struct station_keys *keys, struct span row, struct place place,
                    struct diagnostics *diagnostics)
{
    struct span cells[6];
    size_t count = 0;
    struct station_key key;
    if (csv_split(row, ',', cells, ARRAY_LENGTH(cells), &count, NULL) != CSV_OK ||
        count != ARRAY_LENGTH(cells) || !digest_read_hex(key.secret, sizeof key.secret, cells[5])) {
        diagnostics_add(diagnostics, place, STATION_KEYS_HEADER,
                        "not five words and a secret of 64 hex digits");
        return;
    }
    key.key = cells[1];
    key.principal = (struct principal){span_is(cells[2], "unit") ? PRINCIPAL_UNIT : PRINCIPAL_FEED,
                                       cells[3], cells[4], cells[0]};
    key.names_place =
        diagnostics_place_behind(place, span_from(row.at, csv_cell_offset(row, CSV_COMMA, 3)));
    const char *fault = fault_of_key(keys, &key, cells[2]);
    if (fault)
        diagnostics_add(diagnostics, place, STATION_KEYS_HEADER, "%s", fault);
    else
        keys->at[keys->count++] = key;
    explicit_bzero(key.secret, sizeof key.secret);
}

/* Room for all of them first: a table that moves would leave its secrets behind. */
static void make_room(struct station_keys *keys)
{
    keys->capacity = 1;
    for (size_t i = 0; i < keys->size; i++)
        keys->capacity += keys->text[i] == '\n';
    keys->at = xcalloc(keys->capacity, sizeof *keys->at);
}

struct station_keys *station_keys_load(const char *file, struct diagnostics *diagnostics)
{
    size_t errors = diagnostics_errors(diagnostics);
    struct station_keys *keys = xcalloc(1, sizeof *keys);
    struct place place = {file, 0, 0};
    if (read_file(keys, place, diagnostics)) {
        make_room(keys);
        struct span rest = diagnostics_text(diagnostics, (struct place){file, 1, 1},
                                            span_from(keys->text, keys->size));
        for (place.col = 1; rest.at;) {
            struct span row = span_trim(span_cut(&rest, '\n'));
            place.line++;
            if (row.len > 0 && row.at[0] != '#' && !span_is(row, STATION_KEYS_HEADER))
                add_row(keys, row, place, diagnostics);
        }
    }
    if (diagnostics_errors(diagnostics) == errors)
        return keys;
    station_keys_free(keys);
    return NULL;
}

void station_keys_free(struct station_keys *keys)
{
    if (keys == NULL)
        return;
    if (keys->at)
        explicit_bzero(keys->at, keys->capacity * sizeof *keys->at);
    if (keys->text)
        explicit_bzero(keys->text, keys->size);
    free(keys->at);
    free(keys->text);
    free(keys);
}

size_t station_keys_count(const struct station_keys *keys)
{
    return keys->count;
}

const struct station_key *station_keys_at(const struct station_keys *keys, size_t index)
{
    return &keys->at[index];
}

const struct station_key *station_keys_find(const struct station_keys *keys, struct span station,
                                            struct span key)
{
    const struct station_key *found = NULL;
    for (size_t i = 0; keys && i < keys->count; i++)
        if (span_equal(keys->at[i].principal.station, station) && span_equal(keys->at[i].key, key))
            found = &keys->at[i];
    return found;
}
