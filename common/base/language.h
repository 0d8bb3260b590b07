/* SPDX-License-Identifier: Apache-2.0 */
/* In which language somebody wants to be told: RFC 9110's Accept-Language, as far as we speak. */
#pragma once

#include "base/span.h"

enum language { LANGUAGE_BOTH, LANGUAGE_CHINESE, LANGUAGE_ENGLISH };

/* By the header's value; both where it is absent or prefers neither. */
enum language language_of(struct span accept_language);
/* "zh", "en", or NULL for both. */
const char *language_tag(enum language language);
