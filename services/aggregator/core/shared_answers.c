/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/core/shared_answers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/strbuf.h"

#define MOST_AGE_MS 60000

struct answer {
    char question[DIGEST_ID_LEN + 1]; /* its digest; "" = free */
    int64_t made_ms;
    struct strbuf text;
};

struct shared_answers {
    struct answer *all; /* owned */
    size_t count;
};

struct shared_answers *shared_answers_new(size_t most, size_t most_bytes_each)
{
    struct shared_answers *answers = xcalloc(1, sizeof *answers);
    answers->all = xcalloc(most, sizeof *answers->all);
    answers->count = most;
    for (size_t i = 0; i < most; i++)
        strbuf_init(&answers->all[i].text, 64, most_bytes_each);
    return answers;
}

void shared_answers_free(struct shared_answers *answers)
{
    for (size_t i = 0; answers && i < answers->count; i++)
        strbuf_fini(&answers->all[i].text);
    if (answers)
        free(answers->all);
    free(answers);
}

int64_t shared_answers_permitted(struct span cache_control)
{
    static const char name[] = "max-age=";
    int64_t seconds, permitted = 0;
    while (cache_control.at) {
        struct span one = span_trim(span_cut(&cache_control, ','));
        if (one.len >= sizeof name && strncasecmp(one.at, name, sizeof name - 1) == 0 &&
            span_to_int64(span_from(one.at + sizeof name - 1, one.len - sizeof name + 1),
                          &seconds) &&
            seconds > 0)
            permitted = seconds < MOST_AGE_MS / 1000 ? seconds * 1000 : MOST_AGE_MS;
        else if (span_is(one, "no-cache") || span_is(one, "no-store"))
            return 0;
    }
    return permitted;
}

static struct answer *find(const struct shared_answers *answers, const char *question)
{
    for (size_t i = 0; i < answers->count; i++)
        if (strcmp(answers->all[i].question, question) == 0)
            return &answers->all[i];
    return NULL;
}

struct span shared_answers_find(const struct shared_answers *answers, struct span question,
                                int64_t since_ms, int64_t *made_ms)
{
    char id[DIGEST_ID_LEN + 1];
    digest_bytes(id, question);
    const struct answer *answer = find(answers, id);
    if (!answer || answer->made_ms < since_ms)
        return SPAN_NONE;
    *made_ms = answer->made_ms;
    return strbuf_span(&answer->text);
}

static struct answer *oldest(const struct shared_answers *answers)
{
    struct answer *found = &answers->all[0];
    for (size_t i = 1; i < answers->count; i++)
        if (answers->all[i].made_ms < found->made_ms)
            found = &answers->all[i];
    return found;
}

void shared_answers_put(struct shared_answers *answers, struct span question, int64_t made_ms,
                        struct span text)
{
    char id[DIGEST_ID_LEN + 1];
    digest_bytes(id, question);
    struct answer *answer = find(answers, id);
    if (answer && answer->made_ms >= made_ms)
        return; /* another was quicker */
    if (!answer)
        answer = oldest(answers);
    strbuf_reset(&answer->text);
    strbuf_add(&answer->text, text);
    answer->made_ms = made_ms;
    memcpy(answer->question, id, sizeof id);
    if (strbuf_is_full(&answer->text)) {
        answer->question[0] = '\0';
        answer->made_ms = 0;
    }
}
