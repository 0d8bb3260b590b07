/* SPDX-License-Identifier: Apache-2.0 */
/* How the three daemons read their settings: the same precedence, the same free section. */
#include "daemon/settings.h"

#include <stdio.h>

struct settings *daemon_settings_load(const struct options *options, const struct setting *table,
                                      size_t rows, void *config, struct diagnostics *diagnostics)
{
    static const char *const free_sections[] = {"rdkafka", NULL};
    return settings_load(options->config_path, table, rows, free_sections, options->set,
                         options->set_count, config, diagnostics);
}

static void show_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

bool daemon_settings_accept(const struct diagnostics *diagnostics, struct error *error)
{
    size_t errors = diagnostics_errors(diagnostics);
    diagnostics_each(diagnostics, show_line, stderr);
    return errors == 0 || error_set(error, ERROR_CONFIG, 0,
                                    "%zu error%s in the configuration: nothing was started", errors,
                                    errors == 1 ? "" : "s");
}
