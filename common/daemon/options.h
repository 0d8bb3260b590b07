/* SPDX-License-Identifier: Apache-2.0 */
/* The command line the three daemons share: -c/--config FILE, --check, --print-config, --slot N,
 * --version, --help, and --set section.key=value (repeatable; wins over file and environment). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum options_mode {
    OPTIONS_RUN,
    OPTIONS_CHECK,
    OPTIONS_PRINT,
    OPTIONS_DONE /* help or version was shown */
};

struct options {
    enum options_mode mode;
    const char *config_path;
    const char *set[32]; /* "section.key=value" */
    size_t set_count;
    char slot[24]; /* --slot as one of `set`: so options are not copied */
};

bool options_read(struct options *options, int argc, char **argv, const char *service,
                  const char *default_config, struct error *error);
