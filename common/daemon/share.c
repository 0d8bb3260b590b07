/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

#define SELF_BYTES 2048

static void own_folder(char self[SELF_BYTES])
{
    ssize_t len = readlink("/proc/self/exe", self, SELF_BYTES - 1);
    self[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
}

static bool is_there(const char *folder, const char *between, const char *name,
                     char path[SHARE_PATH])
{
    int len = snprintf(path, SHARE_PATH, "%s%s%s", folder, between, name);
    return len < SHARE_PATH && access(path, R_OK) == 0;
}

bool share_find(const char *installed, const char *checkout, char path[SHARE_PATH])
{
    char self[SELF_BYTES];
    const char *named = getenv("CITYBRAIN_SHARE");
    own_folder(self);
    return (named && is_there(named, "/", installed, path)) ||
           is_there(self, "/../share/citybrain/", installed, path) ||
           is_there(self, "/../../", checkout, path) || is_there(self, "/../", checkout, path) ||
           is_there("", "", checkout, path);
}
