/* SPDX-License-Identifier: Apache-2.0 */
/* How the three daemons read their settings: the same precedence, the same free section. */
#include "daemon/settings.h"

struct settings *daemon_settings_load(const struct options *options, const struct setting *table,
                                      size_t rows, void *config, struct diagnostics *diagnostics)
{
    static const char *const free_sections[] = {"rdkafka", NULL};
    return settings_load(options->config_path, table, rows, free_sections, options->set,
                         options->set_count, config, diagnostics);
}
