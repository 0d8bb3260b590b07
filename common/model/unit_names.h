/* SPDX-License-Identifier: Apache-2.0 */
/* Whether each unit can have a role of its own in PostgreSQL, dash_<code>, by which its rows are
 * told from others' (docs/views.md). */
#pragma once

#include "model/registry.h"

void unit_names_check(const struct registry *units, struct diagnostics *diagnostics);
