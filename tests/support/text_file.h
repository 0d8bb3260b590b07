/* SPDX-License-Identifier: Apache-2.0 */
/* A text in a file for a loader that wants a path, and the first thing it complained of. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/diagnostics.h"

static char text_file_path[] = "/tmp/citybrain-test-XXXXXX";
static char shown[512]; /* "" = nothing */

/* Its path; there until text_file_end. */
static inline const char *text_file(const char *text)
{
    memcpy(text_file_path + sizeof text_file_path - 7, "XXXXXX", 6);
    int fd = mkstemp(text_file_path);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        abort();
    close(fd);
    return text_file_path;
}

static inline void text_file_show(void *context, const char *line)
{
    (void)context;
    if (!shown[0])
        snprintf(shown, sizeof shown, "%s", line);
}

/* Frees the diagnostics. */
static inline void text_file_end(struct diagnostics *diagnostics)
{
    shown[0] = '\0';
    diagnostics_each(diagnostics, text_file_show, NULL);
    diagnostics_free(diagnostics);
    unlink(text_file_path);
}
