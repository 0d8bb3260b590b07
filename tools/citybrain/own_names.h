/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration calls its own: limit classes, rules, triggers, stations, fields of cases and
 * their values. In Chinese, as all that the command tells a person. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

struct title_list;
struct own_names { /* {0} = nothing has a name */
    struct title_list *classes, *rules, *triggers, *stations, *fields;
};

void own_names_load(struct own_names *names, const char *config_dir);
void own_names_fini(struct own_names *names);
/* May values of that member have a name? */
bool own_names_has(const struct own_names *names, struct span member);
/* What a member's value is called, and a field; absent where nobody said. */
struct span own_names_value(const struct own_names *names, struct span member, struct span value);
struct span own_names_field(const struct own_names *names, struct span field);
