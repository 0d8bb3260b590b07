/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/views_apply.h"

#include <stdio.h>
#include <string.h>

#include "citybrain/run_aggregator.h"
#include "citybrain/verb.h"

int views_apply(int argc, char **argv)
{
    static char verb[] = "views";
    if (argc > 1 && (strcmp(argv[argc - 1], "--help") == 0 || strcmp(argv[argc - 1], "-h") == 0)) {
        fputs(verb_views.help, stdout);
        return VERB_OK;
    }
    argv[0] = verb;
    return run_aggregator("apply-views", argc, argv);
}
