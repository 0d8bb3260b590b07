/* SPDX-License-Identifier: Apache-2.0 */
/* What the program writes to a descriptor between two moments, through a temporary file. */
#pragma once

#include <stdio.h>
#include <unistd.h>

struct capture {
    FILE *file;
    int fd, saved;
};

static void capture_start(struct capture *capture, int fd)
{
    fflush(NULL);
    capture->file = tmpfile();
    capture->fd = fd;
    capture->saved = dup(fd);
    dup2(fileno(capture->file), fd);
}

/* NUL-terminates; returns the length. */
static size_t capture_stop(struct capture *capture, char *text, size_t size)
{
    fflush(NULL);
    dup2(capture->saved, capture->fd);
    close(capture->saved);
    rewind(capture->file);
    size_t len = fread(text, 1, size - 1, capture->file);
    fclose(capture->file);
    text[len] = '\0';
    return len;
}
