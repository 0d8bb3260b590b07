/* SPDX-License-Identifier: Apache-2.0 */
/* The new file is written beside the old one, as FILE.new, and takes its place once it was read as
 * the daemon will read it. FILE.new is the lock too: it is made by one only. */
#include "citybrain/keys_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"

struct station_keys *keys_edit_read(const char *path, struct error *error)
{
    *error = (struct error){0};
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return NULL;
    struct diagnostics *diagnostics = diagnostics_new();
    struct station_keys *keys = station_keys_load(path, diagnostics);
    (void)diagnostics_to_error(diagnostics, error);
    diagnostics_free(diagnostics);
    return keys;
}

static bool is_row_of(struct span line, const struct station_key *key)
{
    struct span station = span_cut(&line, ','), name = span_cut(&line, ',');
    return span_equal(station, key->principal.station) && span_equal(name, key->key);
}

/* False where the one to be dropped is not there. */
static bool copy_rows(FILE *old, const struct station_key *drop, FILE *out)
{
    bool dropped = !drop;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    while ((len = getline(&line, &size, old)) > 0) {
        struct span row = span_trim(utf8_without_mark(span_from(line, (size_t)len)));
        if (drop && is_row_of(row, drop)) {
            dropped = true;
            continue;
        }
        fwrite(line, 1, (size_t)len, out);
        if (line[len - 1] != '\n')
            fputc('\n', out);
    }
    if (line)
        explicit_bzero(line, size);
    free(line);
    return dropped;
}

static bool write_beside(const char *path, const char *beside, const struct station_key *drop,
                         struct span row, struct error *error)
{
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(error, ERROR_REFUSED, errno, "%s cannot be made: %s%s", beside,
                         strerror(errno),
                         errno == EEXIST ? "; fix: another change is under way; if none is, remove "
                                           "that file"
                                         : "");
    FILE *out = fdopen(fd, "w"), *old = fopen(path, "r");
    struct stat stat;
    bool good = out != NULL;
    if (good && old && fstat(fileno(old), &stat) == 0)
        good = fchmod(fd, stat.st_mode & 0777) == 0 &&
               (fchown(fd, stat.st_uid, stat.st_gid) == 0 || geteuid() != 0);
    if (good && !old)
        fputs(STATION_KEYS_HEADER "\n", out);
    bool there = !good || !old || copy_rows(old, drop, out);
    if (good && row.at)
        fprintf(out, "%.*s\n", SPAN_ARG(row));
    good = good && fflush(out) == 0 && !ferror(out) && fsync(fd) == 0;
    if (!good)
        error_set(error, ERROR_REFUSED, errno, "%s cannot be written: %s", beside, strerror(errno));
    else if (!there)
        good = error_set(error, ERROR_REFUSED, 0, "%s: the key's row is not found", path);
    if (old)
        fclose(old);
    if (out)
        fclose(out);
    return good;
}

bool keys_edit_change(const char *path, const struct station_key *drop, struct span row,
                      struct error *error)
{
    char beside[512];
    snprintf(beside, sizeof beside, "%s.new", path);
    if (!write_beside(path, beside, drop, row, error)) {
        if (error->code != EEXIST)
            unlink(beside);
        return false;
    }
    struct diagnostics *diagnostics = diagnostics_new();
    struct station_keys *keys = station_keys_load(beside, diagnostics);
    bool good = diagnostics_to_error(diagnostics, error);
    station_keys_free(keys);
    diagnostics_free(diagnostics);
    if (good && rename(beside, path) != 0)
        good = error_set(error, ERROR_REFUSED, errno, "%s cannot take the place of %s: %s", beside,
                         path, strerror(errno));
    if (!good)
        unlink(beside);
    return good;
}
