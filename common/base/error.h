/* SPDX-License-Identifier: Apache-2.0 */
/* A broken world. The kind is what the caller does next; bad data is never an error
 * (model/reject.h). */
#pragma once

#include <stdbool.h>

#include "base/base.h"

enum error_kind {
    ERROR_NONE,
    ERROR_RETRY,   /* back off and try again */
    ERROR_REFUSED, /* the outside said no to this request; go on with the next */
    ERROR_FATAL,   /* log and leave with a status */
    ERROR_CONFIG,  /* what a person wrote cannot be used: exit 78; text is file:line:col: cause; fix
                    */
};

struct error {
    enum error_kind kind;
    int code;       /* the library's own number: errno, SQLSTATE class, Kafka code */
    char text[480]; /* one line, cut when longer; never allocated */
};

/* Sets *error and returns false, so that a function can end in `return error_set(...)`. */
bool error_set(struct error *error, enum error_kind kind, int code, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* Puts context in front: "context: text". */
void error_wrap(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);
/* sysexits status for main(): CONFIG 78, RETRY 69, FATAL 70, REFUSED 69. */
int error_exit_status(const struct error *error);
