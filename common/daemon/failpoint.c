/* SPDX-License-Identifier: Apache-2.0 */
/* The variable is read once; each point counts its own passes. */
#include "daemon/failpoint.h"

#ifdef CITYBRAIN_FAILPOINTS
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

struct point {
    char name[64], action[32];
    long after;
    long passed;
};

static struct point points[16];
static size_t count;
static bool is_read;

static void read_points(void)
{
    char text[1024], *rest = text, *word;
    const char *variable = getenv("CITYBRAIN_FAILPOINTS");
    is_read = true;
    if (!variable)
        return;
    snprintf(text, sizeof text, "%s", variable);
    while ((word = strsep(&rest, ",")) && count < ARRAY_LENGTH(points)) {
        struct point *point = &points[count];
        if (sscanf(word, "%63[^:]:%31[^:]:%ld", point->name, point->action, &point->after) >= 2)
            count++;
    }
}

static bool act(const struct point *point)
{
    if (strcmp(point->action, "exit") == 0)
        raise(SIGKILL);
    else if (strcmp(point->action, "stop") == 0)
        raise(SIGSTOP);
    else if (strncmp(point->action, "sleep=", 6) == 0)
        usleep((useconds_t)strtol(point->action + 6, NULL, 10) * 1000);
    return strcmp(point->action, "error") == 0;
}

bool failpoint(const char *name)
{
    if (!is_read)
        read_points();
    for (size_t i = 0; i < count; i++)
        if (strcmp(points[i].name, name) == 0 && points[i].passed++ >= points[i].after)
            return act(&points[i]);
    return false;
}
#endif
