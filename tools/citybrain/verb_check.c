/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain check: a district's configuration read by the same code the daemons run. */
#include <getopt.h>
#include <stdio.h>

#include "citybrain/bundle.h"
#include "citybrain/topics_file.h"
#include "citybrain/verb.h"
#include "model/registry.h"

static const char check_help[] =
    "usage: citybrain check [--config DIR]\n\n"
    "Reads codes, kinds, feeds, rules, views, registries and topics of DIR (default config) as\n"
    "the daemons do. Every finding: file:line:col: error: cause; fix: …\n"
    "A daemon's own settings are read by that daemon, which says what is wrong and starts "
    "nothing:\n"
    "  citybrain-ingest --check --config DIR/ingest.yaml     (router, aggregator alike)\n\n"
    "  cp -r config /tmp/mine && citybrain check --config /tmp/mine\n"
    "exit: 0 nothing wrong, 64 usage, 78 something is wrong\n";

static void show_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

/* Those that no core reads. */
static void check_registries(const char *folder, struct diagnostics *diagnostics)
{
    static const char *const names[] = {"service_items", "stations"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/registries/%s.csv", folder, names[i]);
        registry_free(registry_load(path, diagnostics));
    }
}

static int run(int argc, char **argv)
{
    static const struct option names[] = {{"config", 1, 0, 'c'}, {0, 0, 0, 0}};
    const char *folder = "config";
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (c != 'c')
            return verb_bad_option("check", argv);
        folder = optarg;
    }
    if (optind != argc)
        return verb_usage("check", "what is \"%s\"? a folder is named by --config", argv[optind]);
    struct diagnostics *diagnostics = diagnostics_new();
    struct bundle bundle;
    bundle_load(&bundle, folder, diagnostics);
    check_registries(folder, diagnostics);
    topics_file_free(topics_file_load(folder, NULL, 1, diagnostics));
    diagnostics_each(diagnostics, show_line, stdout);
    size_t errors = diagnostics_errors(diagnostics), warnings = diagnostics_warnings(diagnostics);
    fprintf(stderr, "check: %zu error%s, %zu warning%s\n", errors, errors == 1 ? "" : "s", warnings,
            warnings == 1 ? "" : "s");
    bundle_fini(&bundle);
    diagnostics_free(diagnostics);
    return errors ? VERB_CONFIG : VERB_OK;
}

const struct verb verb_check = {"check", "read the configuration as the daemons do", check_help,
                                run};
