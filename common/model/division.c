/* SPDX-License-Identifier: Apache-2.0 */
/* Two small tables: the words of the column, and how names of fields end. */
#include "model/division.h"

#include "base/base.h"

struct word {
    const char *text;
    enum division division;
};

enum division division_of(struct span level)
{
    static const struct word words[] = {
        {"district", DIVISION_DISTRICT}, {"street", DIVISION_STREET},
        {"township", DIVISION_STREET},   {"community", DIVISION_COMMUNITY},
        {"village", DIVISION_COMMUNITY}, {"special", DIVISION_COMMUNITY},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (span_is(level, words[i].text))
            return words[i].division;
    return DIVISION_OTHER;
}

enum division division_of_field(struct span name)
{
    static const struct word words[] = {
        {"district_code", DIVISION_DISTRICT},
        {"street_code", DIVISION_STREET},
        {"community_code", DIVISION_COMMUNITY},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (span_ends(name, span_of(words[i].text)))
            return words[i].division;
    return DIVISION_OTHER;
}
