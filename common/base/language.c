/* SPDX-License-Identifier: Apache-2.0 */
/* The greater weight wins, the first among equals. A weight that cannot be read counts as 1. */
#include "base/language.h"

#include <strings.h>

/* In thousandths: "q=0.8" is 800. */
static int weight_of(struct span parameters)
{
    int value = 0, unit = 1000;
    while (parameters.at) {
        struct span one = span_trim(span_cut(&parameters, ';'));
        if (one.len < 3 || (one.at[0] != 'q' && one.at[0] != 'Q') || one.at[1] != '=')
            continue;
        if (one.at[2] != '0')
            return 1000;
        for (size_t i = 4; i < one.len && unit > 1; i++) {
            if (one.at[i] < '0' || one.at[i] > '9')
                return 1000;
            unit /= 10;
            value += (one.at[i] - '0') * unit;
        }
        return value;
    }
    return 1000;
}

/* "zh-CN" is zh. */
static bool names(struct span range, const char *tag)
{
    return range.len >= 2 && strncasecmp(range.at, tag, 2) == 0 &&
           (range.len == 2 || range.at[2] == '-');
}

enum language language_of(struct span accept_language)
{
    enum language found = LANGUAGE_BOTH;
    int best = 0;
    while (accept_language.at) {
        struct span rest = span_cut(&accept_language, ',');
        struct span range = span_trim(span_cut(&rest, ';'));
        int weight = weight_of(rest);
        bool chinese = names(range, "zh");
        if (weight <= best || (!chinese && !names(range, "en")))
            continue;
        best = weight;
        found = chinese ? LANGUAGE_CHINESE : LANGUAGE_ENGLISH;
    }
    return found;
}

const char *language_tag(enum language language)
{
    switch (language) {
    case LANGUAGE_CHINESE: return "zh";
    case LANGUAGE_ENGLISH: return "en";
    case LANGUAGE_BOTH: break;
    }
    return NULL;
}
