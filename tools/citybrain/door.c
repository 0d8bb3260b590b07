/* SPDX-License-Identifier: Apache-2.0 */
/* Posting is idempotent on the other side (ids are functions of content), so waiting and posting
 * again is always right: after a lost answer the same part adds nothing. */
#include "citybrain/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/csv.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "citybrain/signer.h"
#include "model/json.h"

#define PATIENCE_MS    600000
#define SAY_AFTER_MS   3000
#define RETRY_AFTER_MS 60000 /* a longer one is asked again sooner */

void door_init(struct door *door, const char *url, const char *tokens_file)
{
    memset(door, 0, sizeof *door);
    snprintf(door->url, sizeof door->url, "%s", url);
    door->tokens_file = tokens_file;
    door->patience_ms = PATIENCE_MS;
    door->client = http_client_new();
    for (size_t i = 0; i < DOOR_AT_ONCE; i++)
        strbuf_init(&door->answers[i], 1024, 16 << 20);
}

void door_fini(struct door *door)
{
    http_client_free(door->client);
    for (size_t i = 0; i < DOOR_AT_ONCE; i++)
        strbuf_fini(&door->answers[i]);
    if (door->acknowledged)
        fclose(door->acknowledged);
}

static bool find_token(const struct door *door, const char *principal, char *token, size_t size,
                       struct error *error)
{
    const char *given = getenv("CITYBRAIN_TOKEN");
    if (given) {
        snprintf(token, size, "%s", given);
        return true;
    }
    FILE *file = door->tokens_file ? fopen(door->tokens_file, "r") : NULL;
    if (!file)
        return error_set(error, ERROR_REFUSED, 0,
                         "no credential: set CITYBRAIN_TOKEN or name a tokens file by --tokens");
    char line[512];
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        struct span rest = span_trim(utf8_without_mark(span_of(line)));
        struct span first = span_cut(&rest, ',');
        span_cut(&rest, ',');
        bool comment = first.len && first.at[0] == '#'; /* as the door reads it */
        if (!comment && rest.at && span_is(span_cut(&rest, ','), principal)) {
            span_to_cstr(first, token, size);
            found = true;
        }
    }
    fclose(file);
    return found || error_set(error, ERROR_REFUSED, 0,
                              "%s has no token for \"%s\"; fix: a name of config/feeds, or set "
                              "CITYBRAIN_TOKEN, or name another file by --tokens",
                              door->tokens_file, principal);
}

/* As the door said it, in both languages, without the word "rejected". */
static void show_rejected(const struct json_value *one, struct strbuf *line)
{
    strbuf_reset(line);
    for (const struct json_value *member = one->first; member; member = member->next) {
        if (span_is(member->key, "verdict"))
            continue;
        strbuf_add_char(line, line->len ? ',' : '{');
        strbuf_add_json(line, member->key);
        strbuf_add_char(line, ':');
        if (member->type == JSON_STRING)
            strbuf_add_json(line, member->text);
        else
            strbuf_add(line, member->type == JSON_NUMBER ? member->text : SPAN("null"));
    }
    printf("%.*s}\n", (int)line->len, line->at);
}

static void show_rejects(struct door *door, const struct json_value *answer)
{
    int64_t row;
    const struct json_value *results = json_get(answer, SPAN("results"));
    struct strbuf line;
    strbuf_init(&line, 512, 65536);
    for (const struct json_value *one = results ? results->first : NULL; one; one = one->next)
        if (span_is(json_text(one, "verdict"), "rejected")) {
            show_rejected(one, &line);
            door->stopped = door->stopped || (json_int(one, "row", &row) && row == 0);
        }
    strbuf_fini(&line);
}

static bool count_answer(struct door *door, struct span body, struct error *error)
{
    struct json_reader *reader = json_reader_new();
    struct arena arena;
    const struct json_value *answer = NULL;
    size_t bad_at;
    int64_t accepted = 0, rejected = 0;
    arena_init(&arena, 8 << 20);
    bool good = json_read(reader, body, &arena, &answer, &bad_at) == REJECT_NONE &&
                json_int(answer, "accepted", &accepted) && json_int(answer, "rejected", &rejected);
    if (good) {
        door->accepted += accepted;
        door->rejected += rejected;
        show_rejects(door, answer);
    } else {
        error_set(error, ERROR_REFUSED, 0, "the door's answer cannot be read");
    }
    arena_fini(&arena);
    json_reader_free(reader);
    return good;
}

static void acknowledge(struct door *door, const struct door_part *part)
{
    if (!door->acknowledged)
        return;
    fprintf(door->acknowledged, "%s %s %lld %zu %s\n", part->path,
            part->upload ? part->upload : "-", (long long)part->row, part->body.len,
            part->rows ? part->rows : "-");
}

/* A terminal or a pipe cannot be synced, and need not be. */
static bool keep_acknowledged(const struct door *door, struct error *error)
{
    FILE *list = door->acknowledged;
    if (!list || (fflush(list) == 0 && !ferror(list) &&
                  (fsync(fileno(list)) == 0 || errno == EINVAL || errno == EROFS)))
        return true;
    return error_set(error, ERROR_REFUSED, errno,
                     "the list of what was acknowledged cannot be written: %s; fix: make room, and "
                     "send again",
                     strerror(errno));
}

/* A part on its way; its words stay where they are while the call refers to them. */
struct posting {
    const struct door_part *part;
    char url[512], type[96], authorization[SIGNER_HEADER], upload[64], row[48], offset[48],
        replay[96];
};

static bool prepare(const struct door *door, struct posting *posting, struct http_call *call,
                    struct error *error)
{
    const struct door_part *part = posting->part;
    char token[128] = "";
    if (!door->key && !find_token(door, part->principal, token, sizeof token, error))
        return false;
    snprintf(posting->url, sizeof posting->url, "%s%s", door->url, part->path);
    snprintf(posting->type, sizeof posting->type, "Content-Type: %s", part->content_type);
    snprintf(posting->authorization, sizeof posting->authorization, "Authorization: Bearer %s",
             token);
    *call = (struct http_call){
        .method = "POST",
        .url = posting->url,
        .body = part->body,
        .answer = call->answer,
        .headers = {posting->type, posting->authorization, "Prefer: return=minimal"}};
    size_t n = 3;
    if (part->upload) {
        snprintf(posting->upload, sizeof posting->upload, "Citybrain-Upload: %s", part->upload);
        snprintf(posting->row, sizeof posting->row, "Citybrain-Row: %lld", (long long)part->row);
        snprintf(posting->offset, sizeof posting->offset, "Citybrain-Offset: %lld",
                 (long long)part->offset);
        call->headers[n++] = posting->upload;
        call->headers[n++] = posting->row;
        call->headers[n++] = posting->offset;
    }
    if (door->replay) {
        snprintf(posting->replay, sizeof posting->replay, "Citybrain-Replay: %s", door->replay);
        call->headers[n] = posting->replay;
    }
    return true;
}

/* Each time anew: a message id is good once. */
static bool sign(const struct door *door, struct posting *posting, const struct http_call *call,
                 struct error *error)
{
    if (!door->key)
        return true;
    posting->authorization[0] = '\0'; /* not a part of what is signed */
    return signer_sign(door->key, call, posting->authorization, error);
}

struct round { /* what is still to be answered stands first */
    struct posting postings[DOOR_AT_ONCE];
    struct posting *order[DOOR_AT_ONCE];
    struct http_call calls[DOOR_AT_ONCE];
    size_t left;
};

static bool is_refused(const struct http_call *call, struct error *error)
{
    bool again = call->status == 408 || call->status == 429 || call->status >= 500;
    if (call->status < 300 || again)
        return false;
    struct span said = strbuf_span(call->answer);
    error_set(error, ERROR_REFUSED, call->status, "%s answered %d: %.*s", call->url, call->status,
              (int)(said.len < 300 ? said.len : 300), said.at);
    return true;
}

/* Notes and counts what was answered well, and moves the rest to the front. */
static bool take_answers(struct door *door, struct round *round, struct error *error)
{
    bool good = true;
    size_t left = 0;
    for (size_t i = 0; i < round->left; i++) {
        struct http_call call = round->calls[i];
        struct posting *posting = round->order[i];
        if (call.status >= 200 && call.status < 300) {
            acknowledge(door, posting->part);
            good = good && count_answer(door, strbuf_span(call.answer), error);
        } else {
            good = good && !is_refused(&call, error);
            round->calls[left] = call;
            round->order[left++] = posting;
        }
    }
    bool kept = left == round->left || keep_acknowledged(door, error);
    round->left = left;
    return good && kept;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Why nothing came: the door's own words, or the line's. */
static const char *silence_of(const struct http_call *call, const struct error *silence,
                              char text[400])
{
    if (call->status == 0)
        return silence->text;
    char answer[203];
    struct span said = strbuf_span(call->answer);
    while (said.len > 0 && said.at[said.len - 1] == '\n')
        said.len--;
    utf8_fit(answer, sizeof answer, said);
    snprintf(text, 400, "%s answers %d: %s", call->url, call->status, answer);
    return text;
}

#define WAIT_FIX                                                                                   \
    "start it (citybrain-ingest; its /readyz says what it lacks), or name another by --url or "    \
    "$CITYBRAIN_URL"

/* Said once, so that nobody watches a bar that stands still without knowing why. */
struct wait {
    struct backoff backoff;
    int64_t began_ms;
    bool said;
};

/* False: patience is at its end. */
static bool wait_for(const struct door *door, struct wait *wait, const struct round *round,
                     const struct error *silence, struct error *error)
{
    char text[400];
    const struct http_call *call = &round->calls[0];
    int64_t waited_ms = monotonic_ms() - wait->began_ms, left_ms = door->patience_ms - waited_ms;
    int64_t pause_ms = backoff_next(&wait->backoff), asked_ms = call->retry_after_s * 1000;
    if (left_ms <= 0)
        return error_set(error, ERROR_RETRY, 0,
                         "no door after %lld s: %s; fix: " WAIT_FIX
                         ". What was accepted stays; sending the file again counts nothing twice",
                         (long long)(waited_ms / 1000), silence_of(call, silence, text));
    if (!wait->said && waited_ms + pause_ms > SAY_AFTER_MS) {
        fprintf(stderr, "\nwaiting up to %lld s more (--wait): %s; fix: " WAIT_FIX "\n",
                (long long)(left_ms / 1000), silence_of(call, silence, text));
        wait->said = true;
    }
    if (pause_ms < asked_ms)
        pause_ms = asked_ms < RETRY_AFTER_MS ? asked_ms : RETRY_AFTER_MS;
    usleep((useconds_t)(pause_ms < left_ms ? pause_ms : left_ms) * 1000);
    return true;
}

static bool sign_all(const struct door *door, struct round *round, struct error *error)
{
    for (size_t i = 0; i < round->left; i++)
        if (!sign(door, round->order[i], &round->calls[i], error))
            return false;
    return true;
}

bool door_post_all(struct door *door, const struct door_part *parts, size_t count,
                   struct error *error)
{
    struct round *round = xcalloc(1, sizeof *round);
    struct wait wait = {.began_ms = monotonic_ms()};
    struct error silence;
    bool good = true;
    for (; good && round->left < count; round->left++) {
        struct posting *posting = &round->postings[round->left];
        posting->part = &parts[round->left];
        round->order[round->left] = posting;
        round->calls[round->left].answer = &door->answers[round->left];
        good = prepare(door, posting, &round->calls[round->left], error);
    }
    backoff_init(&wait.backoff, 100, 4000);
    while (good && round->left) {
        size_t before = round->left;
        good = sign_all(door, round, error);
        if (!good)
            break;
        http_client_call_all(door->client, round->calls, round->left, &silence);
        good = take_answers(door, round, error);
        if (round->left < before) /* somebody answers: patience begins anew */
            wait.began_ms = monotonic_ms();
        if (good && round->left)
            good = wait_for(door, &wait, round, &silence, error);
    }
    free(round);
    return good;
}

bool door_post(struct door *door, const struct door_part *part, struct error *error)
{
    return door_post_all(door, part, 1, error);
}
