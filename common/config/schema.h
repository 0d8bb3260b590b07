/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a daemon: one table row per key gives loader, default, range, documentation and
 * `--print-config` with origins (file:line, environment or default). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diagnostics.h"
#include "config/yaml.h"

enum setting_type {
    SETTING_TEXT,
    SETTING_INT,
    SETTING_BOOL,
    SETTING_DURATION,
    SETTING_SIZE,
    SETTING_ENUM
};

struct setting {
    const char *path; /* "kafka.brokers": section.key; at most two levels */
    enum setting_type type;
    size_t offset; /* in the config struct: const char *, int64_t (INT, DURATION ms, SIZE bytes),
                      bool, int (ENUM) */
    const char *fallback;     /* default as it would be written; NULL = required */
    int64_t min, max;         /* INT, DURATION (ms), SIZE (bytes); both 0 = any */
    const char *const *words; /* ENUM: NULL-terminated; value = index */
    const char *environment;  /* variable that overrides the file, or NULL */
    const char *help;         /* one line, with the unit */
};

struct settings; /* owns every text it gave out */
/* Reads `file` into *config by `table`. Extra map sections that a service reads itself (for
 * instance "rdkafka" pass-through) are named in `free_sections` (NULL-terminated) and reached by
 * settings_section. Order of precedence: overrides ("section.key=value", from --set), environment,
 * file, default. */
struct settings *settings_load(const char *file, const struct setting *table, size_t rows,
                               const char *const *free_sections, const char *const *overrides,
                               size_t override_count, void *config,
                               struct diagnostics *diagnostics);
void settings_free(struct settings *settings);
const struct yaml_node *settings_section(const struct settings *settings,
                                         const char *name); /* or NULL */
/* Effective values with their origins, one "path: value  # origin; help" line each. */
void settings_print(const struct settings *settings, void (*show)(void *, const char *line),
                    void *context);
