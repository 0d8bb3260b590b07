/* SPDX-License-Identifier: Apache-2.0 */
/* Another text for a file that is there: whole or not at all, also when the machine stops. Owner,
 * group and mode stay; where `path` is a link, what it leads to is exchanged. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

bool file_exchange(const char *path, struct span text, struct error *error);
