/* SPDX-License-Identifier: Apache-2.0 */
/* Posting is idempotent on the other side (ids are functions of content), so waiting and posting
 * again is always right: after a lost answer the same part adds nothing. */
#include "citybrain/door.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/csv.h"
#include "base/memory.h"
#include "citybrain/http_client.h"
#include "model/json.h"

void door_init(struct door *door, const char *url, const char *tokens_file)
{
    memset(door, 0, sizeof *door);
    snprintf(door->url, sizeof door->url, "%s", url);
    door->tokens_file = tokens_file;
    door->client = http_client_new();
    strbuf_init(&door->answer, 4096, 16 << 20);
}

void door_fini(struct door *door)
{
    http_client_free(door->client);
    strbuf_fini(&door->answer);
    if (door->acknowledged)
        fclose(door->acknowledged);
}

bool door_use_token_of(struct door *door, const char *principal, struct error *error)
{
    const char *given = getenv("CITYBRAIN_TOKEN");
    if (given) {
        snprintf(door->token, sizeof door->token, "%s", given);
        return true;
    }
    FILE *file = door->tokens_file ? fopen(door->tokens_file, "r") : NULL;
    if (!file)
        return error_set(error, ERROR_REFUSED, 0,
                         "no credential: set CITYBRAIN_TOKEN or name a tokens file by --tokens");
    char line[512];
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        struct span rest = span_trim(span_of(line));
        struct span token = span_cut(&rest, ',');
        span_cut(&rest, ',');
        if (line[0] != '#' && rest.at && span_is(span_cut(&rest, ','), principal)) {
            span_to_cstr(token, door->token, sizeof door->token);
            found = true;
        }
    }
    fclose(file);
    return found || error_set(error, ERROR_REFUSED, 0, "%s has no token for \"%s\"",
                              door->tokens_file, principal);
}

static void show_rejects(const struct json_value *answer)
{
    const struct json_value *results = json_get(answer, SPAN("results"));
    for (const struct json_value *one = results ? results->first : NULL; one; one = one->next) {
        if (!span_is(json_text(one, "verdict"), "rejected"))
            continue;
        int64_t row = 0, offset = -1;
        json_int(one, "row", &row);
        json_int(one, "offset", &offset);
        printf("{\"row\":%lld,\"reason\":\"%.*s\",\"pointer\":\"%.*s\",\"offset\":%lld,\"message\":"
               "\"%.*s\"}\n",
               (long long)row, SPAN_ARG(json_text(one, "reason")),
               SPAN_ARG(json_text(one, "pointer")), (long long)offset,
               SPAN_ARG(json_text(one, "message_zh")));
    }
}

static bool count_answer(struct door *door, struct error *error)
{
    struct json_reader *reader = json_reader_new();
    struct arena arena;
    const struct json_value *answer = NULL;
    size_t bad_at;
    int64_t accepted = 0, rejected = 0;
    arena_init(&arena, 8 << 20);
    bool good =
        json_read(reader, strbuf_span(&door->answer), &arena, &answer, &bad_at) == REJECT_NONE &&
        json_int(answer, "accepted", &accepted) && json_int(answer, "rejected", &rejected);
    if (good) {
        door->accepted += accepted;
        door->rejected += rejected;
        show_rejects(answer);
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
    fflush(door->acknowledged);
    fsync(fileno(door->acknowledged));
}

bool door_post(struct door *door, const struct door_part *part, struct error *error)
{
    char url[512], type[96], authorization[160], upload[64], row[48], offset[48], replay[96];
    snprintf(url, sizeof url, "%s%s", door->url, part->path);
    snprintf(type, sizeof type, "Content-Type: %s", part->content_type);
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", door->token);
    struct http_call call = {
        .method = "POST", .url = url, .body = part->body, .answer = &door->answer};
    size_t n = 0;
    call.headers[n++] = type;
    call.headers[n++] = authorization;
    call.headers[n++] = "Prefer: return=minimal";
    if (part->upload) {
        snprintf(upload, sizeof upload, "Citybrain-Upload: %s", part->upload);
        snprintf(row, sizeof row, "Citybrain-Row: %lld", (long long)part->row);
        snprintf(offset, sizeof offset, "Citybrain-Offset: %lld", (long long)part->offset);
        call.headers[n++] = upload;
        call.headers[n++] = row;
        call.headers[n++] = offset;
    }
    if (door->replay) {
        snprintf(replay, sizeof replay, "Citybrain-Replay: %s", door->replay);
        call.headers[n++] = replay;
    }
    struct backoff backoff;
    backoff_init(&backoff, 100, 4000);
    for (int waited_ms = 0; waited_ms < 600000;) {
        bool answered = http_client_call(door->client, &call, error);
        if (answered && call.status < 300) {
            *error = (struct error){0}; /* of an attempt that was repeated */
            acknowledge(door, part);
            return count_answer(door, error);
        }
        if (answered && call.status != 429 && call.status < 500)
            return error_set(error, ERROR_REFUSED, call.status, "%s answered %d: %.*s", url,
                             call.status, (int)(door->answer.len < 300 ? door->answer.len : 300),
                             door->answer.at);
        uint32_t wait_ms = backoff_next(&backoff);
        usleep(wait_ms * 1000);
        waited_ms += (int)wait_ms;
    }
    return error_set(error, ERROR_RETRY, 0, "%s: no door answered for ten minutes", url);
}
