/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES 4096

static bool take_line(struct key_file *file, struct span line, unsigned *found)
{
    struct span value = line, name = span_cut(&value, '=');
    if (line.len == 0 || line.at[0] == '#')
        return true;
    if (span_is(name, "secret")) {
        *found |= 4;
        return digest_read_hex(file->secret, sizeof file->secret, value);
    }
    if (!signature_is_name(value, 1, SIGNATURE_NAME_MAX))
        return false;
    bool station = span_is(name, "station");
    *found |= station ? 1 : span_is(name, "key") ? 2 : 8;
    span_to_cstr(value, station ? file->station : file->key, SIGNATURE_NAME_MAX + 1);
    return true;
}

static bool read_lines(struct key_file *file, struct span text)
{
    unsigned found = 0;
    while (text.at)
        if (!take_line(file, span_trim(span_cut(&text, '\n')), &found))
            return false;
    return found == 7;
}

bool key_file_read(struct key_file *file, const char *path, struct error *error)
{
    char text[MOST_BYTES];
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, ERROR_CONFIG, errno, "%s: %s; fix: citybrain key create --help",
                         path, strerror(errno));
    ssize_t len = -1;
    bool open_to_others = fstat(fd, &stat) != 0 || (stat.st_mode & (S_IRWXG | S_IRWXO)) != 0;
    if (!open_to_others)
        len = read(fd, text, sizeof text);
    close(fd);
    if (open_to_others)
        return error_set(error, ERROR_CONFIG, 0,
                         "%s: others can read this key; fix: chmod 600 %s, and rotate it if "
                         "somebody may have",
                         path, path);
    *file = (struct key_file){0};
    bool good = len >= 0 && read_lines(file, span_from(text, (size_t)len));
    explicit_bzero(text, sizeof text);
    return good || error_set(error, ERROR_CONFIG, 0,
                             "%s is no key; fix: station=, key= and secret= (64 hex digits), a "
                             "line each, as citybrain key create writes it",
                             path);
}

bool key_file_write(const struct key_file *file, const char *path, struct error *error)
{
    char text[512], hex[2 * SIGNATURE_SECRET + 1];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(error, ERROR_REFUSED, errno,
                         "%s cannot be made: %s; fix: name another by --out", path,
                         strerror(errno));
    digest_write_hex(hex, file->secret, sizeof file->secret);
    int len = snprintf(text, sizeof text, "station=%s\nkey=%s\nsecret=%s\n", file->station,
                       file->key, hex);
    bool good = write(fd, text, (size_t)len) == len && fsync(fd) == 0;
    int number = errno;
    close(fd);
    explicit_bzero(text, sizeof text);
    explicit_bzero(hex, sizeof hex);
    if (good)
        return true;
    unlink(path);
    return error_set(error, ERROR_REFUSED, number, "%s cannot be written: %s", path,
                     strerror(number));
}
