/* SPDX-License-Identifier: Apache-2.0 */
/* config/codes.csv: small append-only numbers for stages, units, parties, kinds and kept fields in
 * case lines. A unit that is not in the table is written as "=" + code, so an adopter's foreign
 * units need no entry. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "config/diagnostics.h"

enum code_space { CODE_STAGE, CODE_UNIT, CODE_PARTY, CODE_KIND, CODE_FIELD, CODE_SPACES };

#define CODES_MOST_FIELDS 8

struct codes;
struct codes *codes_load(const char *file, struct diagnostics *diagnostics); /* NULL on error */
void codes_free(struct codes *codes);
int codes_number(const struct codes *codes, enum code_space space,
                 struct span code); /* 0 = unknown */
struct span codes_text(const struct codes *codes, enum code_space space,
                       int number); /* absent = unknown */
/* Members of an event's data that a case's line keeps beside those that every case has, by number -
 * 1; CODES_MOST_FIELDS of them, absent where there is none. */
const struct span *codes_fields(const struct codes *codes);
/* Who called and what was heard, by the field's name: kept to decide by, and told nowhere; no row
 * is made by them, no sentence says them. */
bool codes_field_is_of_caller(struct span name);
