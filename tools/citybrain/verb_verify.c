/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain verify: finds and becomes the second reader, tools/verify. It is Python and SQL on
 * purpose: a fault in the daemons' own codec or fold must not hide itself. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "citybrain/verb.h"
#include "daemon/share.h"

static const char verify_help[] =
    "usage: citybrain verify [--cases] [--cells] [--from-log] [--note FILE] [--show N] [--json]\n"
    "       [--config DIR]\n\n"
    "Recomputes what is stored, by other code than the daemons', and says what differs:\n"
    "  --cases     log -> sets: every case's set is built anew from the events in Kafka, up to "
    "where\n"
    "              the aggregator stands, and compared byte by byte with the stored one; so are\n"
    "              observations, what was refused of each feed and when it was heard last\n"
    "  --cells     sets -> cells: PostgreSQL folds the stored sets by SQL of its own and compares\n"
    "              every cell and histogram bin of every view, and of each case's row the days it\n"
    "              was reopened and its disputes were upheld; and who leads it, which its set has\n"
    "              too: by that a unit may read it\n"
    "Without either: both. Nothing stored is changed, and the daemons may run on: all that is "
    "stored is\n"
    "read in one snapshot. Where the log's beginning is gone, sets are compared as far as it "
    "goes.\n"
    "  --from-log  cells from the sets of the log instead of the stored ones\n"
    "  --note FILE leaves there how many differences a recount of both found and when it began: "
    "what\n"
    "              aggregator.verified names is told in the aggregator's metrics, and an alert "
    "stands\n"
    "              on it\n"
    "  --show N    print at most N differences of a kind (20); all are counted\n"
    "  --json      one JSON object on stdout\n"
    "  --config    folder of codes.csv, kinds/, views/, aggregator.yaml ($CITYBRAIN_CONFIG, "
    "config)\n"
    "$CITYBRAIN_BROKERS and $CITYBRAIN_PG win over aggregator.yaml; $CITYBRAIN_VERIFY names "
    "another\n"
    "folder of the reader. Needs Debian's python3-confluent-kafka, python3-psycopg2, "
    "python3-yaml.\n"
    "exit: 0 no difference, 1 differences, 64 usage, 69 Kafka or PostgreSQL unreachable, somebody\n"
    "holds a lock for longer than 5 s (who, on stderr), or cells changed places meanwhile (views\n"
    "apply, rebuild), 78 config\n\n"
    "  citybrain verify && echo the views equal the log\n"
    "  citybrain verify --note .run/notes/verified.json    # by a timer: citybrain-verify.timer\n";

static bool find_reader(char path[SHARE_PATH])
{
    char probe[SHARE_PATH + 16];
    const char *named = getenv("CITYBRAIN_VERIFY");
    if (named)
        snprintf(path, SHARE_PATH, "%s", named);
    else if (!share_find("verify", "tools/verify", path))
        return false;
    snprintf(probe, sizeof probe, "%s/__main__.py", path);
    return access(probe, R_OK) == 0;
}

/* As tools/verify takes them. */
static const struct option options[] = {
    {"cases", 0, 0, 'c'}, {"cells", 0, 0, 'e'},  {"from-log", 0, 0, 'l'}, {"show", 1, 0, 's'},
    {"json", 0, 0, 'j'},  {"config", 1, 0, 'f'}, {"note", 1, 0, 'n'},     {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    /* Debian's own first: its packages are invisible to another python3 in the PATH. */
    static const char *const pythons[] = {"/usr/bin/python3", "python3"};
    char path[SHARE_PATH];
    if (!find_reader(path)) {
        fprintf(stderr,
                "citybrain verify: the reader tools/verify is not there\n"
                "  fix: run it from the checkout, or name the folder: CITYBRAIN_VERIFY=…\n");
        return VERB_UNAVAILABLE;
    }
    char **words = xcalloc((size_t)argc + 3, sizeof *words);
    words[1] = xstrdup("-B"); /* leaves no files beside the sources */
    words[2] = path;
    for (int i = 1; i < argc; i++)
        words[i + 2] = argv[i];
    for (size_t i = 0; i < 2; i++) {
        words[0] = xstrdup(pythons[i]);
        execvp(words[0], words);
        free(words[0]);
    }
    fprintf(stderr, "citybrain verify: python3 cannot be run: %m\n  fix: make deps\n");
    free(words[1]);
    free(words);
    return VERB_UNAVAILABLE;
}

const struct verb verb_verify = {"verify",    "recompute sets from the log and cells from the sets",
                                 verify_help, run,
                                 options,     NULL};
