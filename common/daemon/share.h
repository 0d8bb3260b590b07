/* SPDX-License-Identifier: Apache-2.0 */
/* Where the files are that come with the programs: below ../share/citybrain of an installed
 * program, at their place in the checkout otherwise. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SHARE_PATH 4096

/* A file or folder: $CITYBRAIN_SHARE/installed, <program>/../share/citybrain/installed,
 * <program>/../../checkout (of build/<variant>/), <program>/../checkout (an image), then checkout
 * below the working folder. False
 * where there is none; `path` is the last that was looked for. */
bool share_find(const char *installed, const char *checkout, char path[SHARE_PATH]);
