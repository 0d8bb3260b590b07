/* SPDX-License-Identifier: Apache-2.0 */
/* What the caller should do about a broken world, and one line for whoever reads the log. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* `written` bytes were wanted; a text that was cut ends with a character and "…". */
static void end_text(struct error *error, size_t written)
{
    static const char more[] = "…";
    if (written < sizeof error->text)
        return;
    size_t most = sizeof error->text - sizeof more;
    size_t len = utf8_cut(span_from(error->text, sizeof error->text - 1), most);
    memcpy(error->text + len, more, sizeof more);
}

bool error_set(struct error *error, enum error_kind kind, int code, const char *format, ...)
{
    error->kind = kind;
    error->code = code;
    va_list args;
    va_start(args, format);
    int written = vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    end_text(error, written < 0 ? 0 : (size_t)written);
    return false;
}

void error_wrap(struct error *error, const char *format, ...)
{
    char inner[sizeof(error->text)];
    memcpy(inner, error->text, sizeof(inner));

    va_list args;
    va_start(args, format);
    int written = vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    size_t used = written < 0 ? 0 : (size_t)written;
    if (used + 2 < sizeof(error->text)) {
        size_t room = sizeof(error->text) - used - 3; /* ": " and the NUL */
        snprintf(error->text + used, room + 3, ": %.*s", (int)room, inner);
        used += 2 + strlen(inner);
    }
    end_text(error, used);
}

int error_exit_status(const struct error *error)
{
    switch (error->kind) {
    case ERROR_NONE: return 0;
    case ERROR_RETRY:
    case ERROR_REFUSED: return 69; /* EX_UNAVAILABLE */
    case ERROR_FATAL: return 70;   /* EX_SOFTWARE */
    case ERROR_CONFIG: return 78;  /* EX_CONFIG */
    }
    return 70;
}
