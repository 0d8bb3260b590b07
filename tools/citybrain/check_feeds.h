/* SPDX-License-Identifier: Apache-2.0 */
/* What a feed's file says of the rest of the configuration; ingest reads the file without it. */
#pragma once

#include "citybrain/bundle.h"

void check_feeds(const struct bundle *bundle, const char *folder, struct diagnostics *diagnostics);
