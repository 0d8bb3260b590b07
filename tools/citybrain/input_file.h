/* SPDX-License-Identifier: Apache-2.0 */
/* A file to be sent, plain or .gz, read in order with bounded memory (zlib reads both). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/span.h"

struct input_file;
/* "-" is not taken: a file is read twice, first for its hash. */
struct input_file *input_file_open(const char *path, struct error *error);
void input_file_close(struct input_file *file);
/* Hash and size of the whole unpacked content; leaves the reading position at the start. */
bool input_file_hash(struct input_file *file, char hash[DIGEST_ID_LEN + 1], int64_t *bytes,
                     struct error *error);
/* What is unread and in memory, at least `want` bytes unless the file ends; *last tells that it
 * ends here. */
struct span input_file_peek(struct input_file *file, size_t want, bool *last, struct error *error);
void input_file_take(struct input_file *file, size_t bytes);
int64_t input_file_offset(const struct input_file *file); /* of the next unread byte, unpacked */
