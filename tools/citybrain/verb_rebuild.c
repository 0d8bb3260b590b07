/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain rebuild: every cell anew from the stored sets, beside the running aggregators; then
 * compared, and swapped in. */
#include "citybrain/run_aggregator.h"
#include "citybrain/verb.h"

static const char rebuild_help[] =
    "usage: citybrain rebuild [--from-log] [--execute --as NAME --reason TEXT [--plan HASH]] "
    "[--json] [--config "
    "DIR]\n"
    "       citybrain rebuild --drop\n\n"
    "由已存事件集重算全部统计格,与现行结果比对,再换入。\n"
    "Every cell and histogram bin of every view is made anew from the stored sets of events, in a\n"
    "schema aside, while the aggregators go on; what they write meanwhile is followed. Then both\n"
    "are compared at one moment: what differs was wrong. Nothing that anybody reads is changed\n"
    "until --execute, which lets the new cells take the place of the old ones in one transaction.\n"
    "The files are those in force: for changed views there is citybrain views apply.\n\n"
    "  --from-log   the sets too are made anew, from the topic events, and compared with the "
    "stored\n"
    "               ones; --execute puts them in place, then come the cells. For sets that are "
    "wrong\n"
    "               or cannot be read; the log must reach back to its first record\n"
    "  --execute    swap. Running aggregators are fenced, take over anew, and go on\n"
    "  --as NAME, --reason TEXT   who does it and why: needed to execute; in core.audit\n"
    "  --plan HASH  swap only if what differs is still what that plan said\n"
    "  --drop       throw away what lies aside: while it is there, each change of a set is noted\n"
    "  --json       one object: sets, followed, seconds, sets_per_second, swap_seconds, "
    "differing\n"
    "               (cells; with --from-log sets too), plan, swapped, tables\n"
    "  --config DIR as the aggregator's (default $CITYBRAIN_CONFIG or config); $CITYBRAIN_PG wins\n"
    "               over its aggregator.postgres\n\n"
    "Killed, the same words go on where it stopped. Without --execute the cells stay aside, and "
    "the\n"
    "next call follows, compares, and goes on from them.\n\n"
    "  citybrain rebuild && citybrain rebuild --drop    # every cell is what the sets say\n"
    "  citybrain rebuild --from-log                     # and every set what the log says\n"
    "exit: 0 no cell differs, or they were swapped; 1 cells differ, 64 usage, 69 no database, 78 "
    "other\n"
    "kinds or views than those in force, or another plan\n";

static const struct option options[] = {
    {"execute", 0, 0, 'X'}, {"as", 1, 0, 'A'},       {"reason", 1, 0, 'R'},
    {"drop", 0, 0, 'd'},    {"json", 0, 0, 'j'},     {"config", 1, 0, 'c'},
    {"plan", 1, 0, 'P'},    {"from-log", 0, 0, 'l'}, {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    static struct run_aggregator run;
    int status = run_aggregator_read(&run, "rebuild", options, argc, argv);
    if (status != VERB_OK)
        return status;
    if (run.said['X'] && run.said['d'])
        return verb_usage("rebuild", "--execute or --drop, not both");
    if (run.said['l'] && run.said['P'])
        return verb_usage("rebuild", "a --plan is of cells: --from-log changes sets before them");
    return run_aggregator_start(&run, "rebuild", "rebuild");
}

const struct verb verb_rebuild = {"rebuild",    "every cell anew from the stored sets, beside live",
                                  rebuild_help, run,
                                  options,      NULL};
