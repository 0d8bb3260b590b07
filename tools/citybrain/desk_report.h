/* SPDX-License-Identifier: Apache-2.0 */
/* The desk's questions for people: a list, and one of them with what may be decided. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "citybrain/desk_duties.h"
#include "model/case_kind.h"
#include "model/desk.h"
#include "router/core/district.h"

/* What is asked by that order: where it names no cause, what its kind means. */
enum desk_cause desk_report_cause(const struct json_value *order);
struct desk_names { /* what is read of the configuration; borrowed */
    const struct district *district;
    const struct kinds *kinds;
    const struct own_names *own;
};

/* Most urgent first: emergencies, then by due time, then the oldest. `only`: one cause, or
 * DESK_NOTHING = all. Counts go to stderr. */
void desk_report_list(struct desk_duties *duties, const struct desk_names *names,
                      enum desk_cause only, bool json, FILE *out);
void desk_report_show(struct desk_duties *duties, const struct desk_duty_item *item,
                      const struct desk_names *names, FILE *out);
/* One JSON object of the list, without line end. */
void desk_report_json(struct desk_duties *duties, const struct desk_duty_item *item,
                      const struct kinds *kinds, FILE *out);
