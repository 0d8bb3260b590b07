/* SPDX-License-Identifier: Apache-2.0 */
/* Written beside under a name of its own, then renamed: nobody's "file.new" is in the way. */
#include "citybrain/file_exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(struct error *error, const char *cause)
{
    return error_set(error, ERROR_REFUSED, errno, "%s: %s", cause, strerror(errno));
}

static bool write_all(int fd, struct span text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.at, text.len);
        if (n < 0 && errno != EINTR)
            return false;
        size_t done = n > 0 ? (size_t)n : 0;
        text = span_from(text.at + done, text.len - done);
    }
    return fsync(fd) == 0;
}

/* Those who read the file now must be able to afterwards. */
static bool fill(int fd, const struct stat *about, struct span text, struct error *error)
{
    if (fchown(fd, about->st_uid, about->st_gid) != 0 || fchmod(fd, about->st_mode & 07777) != 0)
        return refuse(error, "owner, group and mode of the file cannot be kept (do it as its "
                             "owner or as root)");
    return write_all(fd, text) || refuse(error, "cannot be written");
}

/* The new name is on the disk too. */
static void sync_folder(char *path)
{
    *strrchr(path, '/') = '\0';
    int folder = open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    fsync(folder);
    close(folder);
}

bool file_exchange(const char *path, struct span text, struct error *error)
{
    char real[PATH_MAX], beside[PATH_MAX + 8];
    struct stat about;
    if (!realpath(path, real) || stat(real, &about) != 0)
        return refuse(error, "cannot be found");
    snprintf(beside, sizeof beside, "%s.XXXXXX", real);
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return refuse(error, "no file can be made beside it");
    bool good = fill(fd, &about, text, error);
    close(fd);
    if (good && rename(beside, real) != 0)
        good = refuse(error, "cannot be renamed into its place");
    if (good)
        sync_folder(real);
    else
        unlink(beside);
    return good;
}
