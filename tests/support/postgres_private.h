/* SPDX-License-Identifier: Apache-2.0 */
/* A PostgreSQL cluster of the test's own, on a Unix socket in a folder below $TEST_RUNS or
 * /tmp. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct postgres_private {
    char run[64];
    char conninfo[200];
};

static inline bool postgres_private_parts(const struct postgres_private *postgres,
                                          const char *words, char *line, size_t size)
{
    char command[256], read[512];
    snprintf(command, sizeof command, "CITYBRAIN_RUN=%s deploy/local/parts %s", postgres->run,
             words);
    FILE *out = popen(command, "r"); /* NOLINT(cert-env33-c): our own script, by its own name */
    if (!out)
        return false;
    while (fgets(read, sizeof read, out))
        if (line && strncmp(read, "CITYBRAIN_PG='", 14) == 0)
            snprintf(line, size, "%.*s", (int)strcspn(read + 14, "'"), read + 14);
    return pclose(out) == 0;
}

static inline bool postgres_private_start(struct postgres_private *postgres)
{
    const char *runs = getenv("TEST_RUNS");
    snprintf(postgres->run, sizeof postgres->run, "%s/cb-postgres.XXXXXX", runs ? runs : "/tmp");
    return mkdtemp(postgres->run) && chmod(postgres->run, 0755) == 0 &&
           postgres_private_parts(postgres, "start postgres >/dev/null 2>&1", NULL, 0) &&
           postgres_private_parts(postgres, "env", postgres->conninfo, sizeof postgres->conninfo) &&
           postgres->conninfo[0];
}

static inline bool postgres_private_stop(struct postgres_private *postgres)
{
    char command[96];
    bool wiped = postgres_private_parts(postgres, "wipe 2>&1", NULL, 0);
    snprintf(command, sizeof command, "rm -rf %s", postgres->run);
    return system(command) == 0 && wiped; /* NOLINT(cert-env33-c): a folder we made */
}
