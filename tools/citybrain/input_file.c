/* SPDX-License-Identifier: Apache-2.0 */
/* One growing window over gzread: peek fills it, take moves its start. */
#include "citybrain/input_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/memory.h"

struct input_file {
    gzFile gz; /* owned */
    const char *path;
    char *window; /* owned */
    size_t capacity, begin, end;
    int64_t offset;
    bool ended;
};

struct input_file *input_file_open(const char *path, struct error *error)
{
    gzFile gz = gzopen(path, "rb");
    if (!gz) {
        error_set(error, ERROR_REFUSED, errno, "%s: %s", path, strerror(errno));
        return NULL;
    }
    struct input_file *file = xcalloc(1, sizeof *file);
    file->gz = gz;
    file->path = path;
    file->capacity = 1 << 20;
    file->window = xmalloc(file->capacity);
    return file;
}

void input_file_close(struct input_file *file)
{
    gzclose(file->gz);
    free(file->window);
    free(file);
}

static bool fill(struct input_file *file, struct error *error)
{
    int n = gzread(file->gz, file->window + file->end, (unsigned)(file->capacity - file->end));
    if (n < 0) {
        int code;
        return error_set(error, ERROR_REFUSED, n, "%s: %s", file->path, gzerror(file->gz, &code));
    }
    file->end += (size_t)n;
    file->ended = n == 0;
    return true;
}

bool input_file_hash(struct input_file *file, char hash[DIGEST_ID_LEN + 1], int64_t *bytes,
                     struct error *error)
{
    struct digest *digest = digest_new();
    bool good = true;
    *bytes = 0;
    while (good && !file->ended) {
        file->begin = file->end = 0;
        good = fill(file, error);
        digest_add(digest, span_from(file->window, file->end));
        *bytes += (int64_t)file->end;
    }
    digest_finish(digest, hash);
    gzrewind(file->gz);
    file->begin = file->end = 0;
    file->ended = false;
    file->offset = 0;
    return good;
}

struct span input_file_peek(struct input_file *file, size_t want, bool *last, struct error *error)
{
    while (!file->ended && file->end - file->begin < want) {
        if (file->begin > 0) {
            memmove(file->window, file->window + file->begin, file->end - file->begin);
            file->end -= file->begin;
            file->begin = 0;
        }
        if (file->capacity < want + 65536) {
            file->capacity = want + 65536;
            file->window = xrealloc(file->window, file->capacity);
        }
        if (!fill(file, error))
            return SPAN_NONE;
    }
    *last = file->ended;
    return span_from(file->window + file->begin, file->end - file->begin);
}

void input_file_take(struct input_file *file, size_t bytes)
{
    file->begin += bytes;
    file->offset += (int64_t)bytes;
}

int64_t input_file_offset(const struct input_file *file)
{
    return file->offset;
}
