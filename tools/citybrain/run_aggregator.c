/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/run_aggregator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "citybrain/verb.h"

#define MOST_PATH 4200

static void find_program(char path[MOST_PATH])
{
    char self[2048];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    snprintf(path, MOST_PATH, "%s/citybrain-aggregator", self);
}

int run_aggregator(const char *mode, int argc, char **argv)
{
    char program[MOST_PATH], file[MOST_PATH], bundle[MOST_PATH];
    const char *config = getenv("CITYBRAIN_CONFIG");
    int count = 2;
    find_program(program);
    char **words = xcalloc((size_t)argc + 8, sizeof *words);
    words[0] = program;
    words[1] = xstrdup(mode);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            config = argv[++i];
        else
            words[count++] = argv[i];
    }
    snprintf(file, sizeof file, "%s/aggregator.yaml", config ? config : "config");
    snprintf(bundle, sizeof bundle, "bundle.config_dir=%s", config ? config : "config");
    words[count++] = xstrdup("--config");
    words[count++] = file;
    words[count++] = xstrdup("--set");
    words[count] = bundle;
    execv(program, words);
    fprintf(stderr, "citybrain %s: %s cannot be run: %m\n  fix: make, or install it beside me\n",
            argv[0], program);
    free(words[1]);
    free(words);
    return VERB_UNAVAILABLE;
}
