/* SPDX-License-Identifier: Apache-2.0 */
/* What sort of place a row of registries/divisions.csv is. Its column `level` tells more than is
 * ever asked for: a 街道, a 乡 and a 地区 are one sort, and so are a community, a village and what
 * has a code of its own among them. */
#pragma once

#include "base/span.h"

enum division { DIVISION_OTHER, DIVISION_DISTRICT, DIVISION_STREET, DIVISION_COMMUNITY };

enum division division_of(struct span level);
/* The sort that a field of that name holds: street_code, owner_street_code. OTHER = any. */
enum division division_of_field(struct span name);
