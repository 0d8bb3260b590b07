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

int run_aggregator_read(struct run_aggregator *run, const char *verb, const struct option *options,
                        int argc, char **argv)
{
    int c, index = 0;
    *run = (struct run_aggregator){.config = verb_config_dir()};
    run->words = xcalloc((size_t)argc * 2 + 8, sizeof *run->words);
    run->count = 2; /* the program and its mode */
    while ((c = getopt_long(argc, argv, "", options, &index)) != -1) {
        if (c == '?')
            return verb_bad_option(verb, argv);
        run->said[(unsigned char)c] = true;
        if (strcmp(options[index].name, "config") == 0) {
            run->config = optarg;
            continue;
        }
        size_t size = strlen(options[index].name) + 3;
        run->words[run->count] = xcalloc(size, 1);
        snprintf(run->words[run->count++], size, "--%s", options[index].name);
        if (optarg)
            run->words[run->count++] = optarg;
    }
    return optind == argc ? VERB_OK : verb_usage(verb, "\"%s\" is no option of it", argv[optind]);
}

int run_aggregator_start(struct run_aggregator *run, const char *verb, const char *mode)
{
    char program[MOST_PATH], file[MOST_PATH], bundle[MOST_PATH];
    find_program(program);
    run->words[0] = program;
    run->words[1] = xstrdup(mode);
    snprintf(file, sizeof file, "%s/aggregator.yaml", run->config);
    snprintf(bundle, sizeof bundle, "bundle.config_dir=%s", run->config);
    run->words[run->count++] = xstrdup("--config");
    run->words[run->count++] = file;
    run->words[run->count++] = xstrdup("--set");
    run->words[run->count] = bundle;
    execv(program, run->words);
    fprintf(stderr, "citybrain %s: %s cannot be run: %m\n  fix: make, or install it beside me\n",
            verb, program);
    return VERB_UNAVAILABLE;
}
