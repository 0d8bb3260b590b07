/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/views_apply.h"

#include "citybrain/run_aggregator.h"
#include "citybrain/verb.h"

/* Its own of verb_views' options. */
static const struct option options[] = {
    {"execute", 0, 0, 'X'}, {"as", 1, 0, 'A'},   {"reason", 1, 0, 'R'}, {"plan", 1, 0, 'P'},
    {"all", 0, 0, 'L'},     {"drop", 0, 0, 'D'}, {"json", 0, 0, 'j'},   {"set", 1, 0, 'S'},
    {"config", 1, 0, 'c'},  {0, 0, 0, 0}};

int views_apply(int argc, char **argv)
{
    static struct run_aggregator run;
    int status = run_aggregator_read(&run, "views apply", options, argc, argv);
    if (status != VERB_OK)
        return status;
    if (run.said['X'] && run.said['D'])
        return verb_usage("views apply", "--execute or --drop, not both");
    return run_aggregator_start(&run, "views apply", "apply-views");
}
