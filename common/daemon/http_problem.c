/* SPDX-License-Identifier: Apache-2.0 */
/* The table's columns. Whoever prefers no language gets both. */
#include "daemon/http_problem.h"

#include <stdio.h>

static const struct row {
    int status;
    const char *code, *title[2], *detail[2]; /* Chinese, English */
} rows[] = {
#define HTTP_PROBLEM_ROW(id, status, code, zh, zh_detail, en, en_detail)                           \
    [HTTP_PROBLEM_##id] = {status, code, {zh, en}, {zh_detail, en_detail}},
    HTTP_PROBLEM_TABLE(HTTP_PROBLEM_ROW)
#undef HTTP_PROBLEM_ROW
};

int http_problem_status(enum http_problem problem)
{
    return rows[problem].status;
}

const char *http_problem_code(enum http_problem problem)
{
    return rows[problem].code;
}

static void choose(char *out, size_t size, enum language language, const char *const texts[2])
{
    switch (language) {
    case LANGUAGE_CHINESE: snprintf(out, size, "%s", texts[0]); return;
    case LANGUAGE_ENGLISH: snprintf(out, size, "%s", texts[1]); return;
    case LANGUAGE_BOTH: break;
    }
    snprintf(out, size, "%s / %s", texts[0], texts[1]);
}

void http_problem_write_words(struct strbuf *out, int status, const char *code, const char *title,
                              const char *detail)
{
    strbuf_add(out, SPAN("{\"type\":\"about:blank#"));
    strbuf_addf(out, "%s\",\"title\":", code);
    strbuf_add_json(out, span_of(title));
    strbuf_addf(out, ",\"status\":%d,\"detail\":", status);
    strbuf_add_json(out, span_of(detail));
    strbuf_add(out, SPAN("}\n"));
}

void http_problem_write(struct strbuf *out, enum http_problem problem, enum language language,
                        const char *about)
{
    const struct row *row = &rows[problem];
    char title[256], sentence[512], detail[1024];
    choose(title, sizeof title, language, row->title);
    choose(sentence, sizeof sentence, language, row->detail);
    snprintf(detail, sizeof detail, "%s%s%s", sentence, about ? ": " : "", about ? about : "");
    http_problem_write_words(out, row->status, row->code, title, detail);
}
