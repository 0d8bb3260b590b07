/* SPDX-License-Identifier: Apache-2.0 */
/* What a question's parameters may be, as a table, and what they are. Nobody is left to guess: an
 * unknown name, a second value and a value of another form are faults that name the parameter. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/language.h"
#include "base/span.h"
#include "base/strbuf.h"

#define API_QUERY_MOST 28

enum api_form {
    API_CODE,     /* one code: letters, digits and "_.:-" of any language, at most 200 bytes */
    API_CODES,    /* several, "," between them */
    API_WORD,     /* one of `words` */
    API_WORDS,    /* several of them */
    API_NUMBER,   /* least to most */
    API_DATE,     /* YYYY-MM-DD, a civil day of the district */
    API_MOMENT,   /* RFC 3339, or a date: its beginning */
    API_LANGUAGE, /* zh or en */
    API_KEY,      /* a cursor of a list: where it goes on */
    API_PLACE,    /* a cursor of a log */
    API_ADDRESS,  /* below /api/; may come several times, the value is the last one's */
    API_TEXT      /* read by who asked for it */
};

struct api_parameter {
    const char *name;
    enum api_form form;
    const char *words; /* blanks between them */
    int64_t least, most;
};

struct api_value {
    struct span text; /* absent = not asked */
    int64_t number;   /* NUMBER; DATE: its day; MOMENT and KEY: ms */
    struct span rest; /* KEY: what stands behind its number */
};

struct api_query {
    struct api_parameter table[API_QUERY_MOST]; /* its texts are borrowed, as `bad` */
    size_t count;
    int zone_minutes;
    struct api_value value[API_QUERY_MOST];
    struct span bad; /* the name of the first one that is wrong */
    enum { API_QUERY_GOOD, API_QUERY_UNKNOWN, API_QUERY_TWICE, API_QUERY_FORM } fault;
};

void api_query_begin(struct api_query *query, const struct api_parameter *table, size_t count,
                     int zone_minutes);
/* False: see bad and fault. */
bool api_query_take(struct api_query *query, struct span name, struct span value);
/* By its name in the table; a name that is not there is a bug. */
const struct api_value *api_query_get(const struct api_query *query, const char *name);
int64_t api_query_number(const struct api_query *query, const char *name, int64_t otherwise);
/* What is wrong and what may be asked: one sentence, or two where it is not known which language.
 */
void api_query_write_fault(const struct api_query *query, enum language language,
                           struct strbuf *out);
