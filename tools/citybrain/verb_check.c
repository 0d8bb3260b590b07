/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain check: a district's configuration read by the same code the daemons run. */
#include <getopt.h>
#include <stdio.h>

#include "aggregator/core/view.h"
#include "citybrain/topics_file.h"
#include "citybrain/verb.h"
#include "ingest/core/mapping.h"
#include "model/case_kind.h"
#include "model/codes.h"
#include "model/registry.h"

static const char check_help[] =
    "usage: citybrain check [--config DIR]\n\n"
    "Reads codes, kinds, feeds, views, registries and topics of DIR (default config) as the\n"
    "daemons do. Every finding: file:line:col: error: cause; fix: …\n"
    "exit: 0 nothing wrong, 78 something is\n";

static void show_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static void check_registries(const char *folder, struct diagnostics *diagnostics)
{
    static const char *const names[] = {"divisions", "units", "request_types", "service_items",
                                        "stations"};
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
    char path[512];
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (c != 'c')
            return verb_usage("check", "unknown option");
        folder = optarg;
    }
    struct diagnostics *diagnostics = diagnostics_new();
    snprintf(path, sizeof path, "%s/codes.csv", folder);
    struct codes *codes = codes_load(path, diagnostics);
    struct kinds *kinds = NULL;
    struct feeds *feeds = NULL;
    if (codes) {
        snprintf(path, sizeof path, "%s/kinds", folder);
        kinds = kinds_load(path, codes, diagnostics);
        snprintf(path, sizeof path, "%s/feeds", folder);
        feeds = feeds_load(path, diagnostics);
    }
    if (kinds && feeds)
        feeds_check_kinds(feeds, kinds, diagnostics);
    if (kinds) {
        snprintf(path, sizeof path, "%s/views", folder);
        views_free(views_load(path, kinds, diagnostics));
    }
    check_registries(folder, diagnostics);
    topics_file_free(topics_file_load(folder, NULL, 1, diagnostics));
    diagnostics_each(diagnostics, show_line, stdout);
    size_t errors = diagnostics_errors(diagnostics);
    fprintf(stderr, "check: %zu errors, %zu warnings\n", errors, diagnostics_warnings(diagnostics));
    if (feeds)
        feeds_free(feeds);
    if (kinds)
        kinds_free(kinds);
    if (codes)
        codes_free(codes);
    diagnostics_free(diagnostics);
    return errors ? VERB_CONFIG : VERB_OK;
}

const struct verb verb_check = {"check", "read the configuration as the daemons do", check_help,
                                run};
