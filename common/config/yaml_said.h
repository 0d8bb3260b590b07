/* SPDX-License-Identifier: Apache-2.0 */
/* What a file says, without how it is written and without what it calls things. */
#pragma once

#include "base/digest.h"
#include "config/yaml.h"

/* Adds keys and values in their order. Comments are left out, and the `name` of the file and of
 * what its sections declare (stages of a kind, measures of a view). */
void yaml_said_add(struct digest *digest, const struct yaml_node *root);
