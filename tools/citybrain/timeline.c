/* SPDX-License-Identifier: Apache-2.0 */
/* Groups a step's lines by door in memory (a step is minutes of a district's day, well under a MiB
 * a door). */
#include "citybrain/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "citybrain/http_client.h"
#include "citybrain/input_file.h"
#include "citybrain/progress.h"
#include "model/json.h"

#define MOST_DOORS 256
#define PART_BYTES (1 << 20)

struct target {
    char path[128];
    struct strbuf lines;
};

struct player {
    const struct timeline *timeline;
    struct door *door;
    struct target targets[MOST_DOORS];
    size_t count;
    struct json_reader *reader;
    struct arena arena;
};

/* The whole line's "item" member as text: it is the last member, so it ends before the closing
 * brace. */
static struct span item_text(struct span line)
{
    static const char mark[] = "\"item\":";
    const char *at = memmem(line.at, line.len, mark, sizeof mark - 1);
    if (!at)
        return SPAN_NONE;
    at += sizeof mark - 1;
    return span_from(at, (size_t)(line.at + line.len - 1 - at));
}

static bool post_target(struct player *player, struct target *target, struct error *error)
{
    if (target->lines.len == 0)
        return true;
    struct span path = span_of(target->path), rest = path;
    char principal[64];
    span_cut(&rest, '/');
    span_cut(&rest, '/');
    span_cut(&rest, '/'); /* "", v1, feeds|units */
    span_to_cstr(span_cut(&rest, '/'), principal, sizeof principal);
    bool good = door_use_token_of(player->door, principal, error) &&
                door_post(player->door,
                          &(struct door_part){.path = target->path,
                                              .content_type = "application/x-ndjson",
                                              .body = strbuf_span(&target->lines)},
                          error);
    strbuf_reset(&target->lines);
    return good;
}

static bool end_step(struct player *player, int64_t t_ms, struct error *error)
{
    for (size_t i = 0; i < player->count; i++)
        if (!post_target(player, &player->targets[i], error))
            return false;
    if (!player->timeline->clock_url)
        return true;
    char url[256], body[64];
    struct strbuf answer;
    strbuf_init(&answer, 256, 4096);
    snprintf(url, sizeof url, "%s/clock", player->timeline->clock_url);
    int n = snprintf(body, sizeof body, "{\"now\":%lld}", (long long)t_ms);
    struct http_call call = {.method = "POST",
                             .url = url,
                             .body = span_from(body, (size_t)n),
                             .headers = {"Content-Type: application/json"},
                             .answer = &answer};
    bool good = http_client_call(player->door->client, &call, error);
    if (good && call.status >= 300)
        good = error_set(error, ERROR_REFUSED, call.status, "%s answered %d", url, call.status);
    strbuf_fini(&answer);
    return good;
}

static struct target *find_target(struct player *player, struct span path)
{
    for (size_t i = 0; i < player->count; i++)
        if (span_is(path, player->targets[i].path))
            return &player->targets[i];
    if (player->count == MOST_DOORS)
        return NULL;
    struct target *target = &player->targets[player->count++];
    span_to_cstr(path, target->path, sizeof target->path);
    strbuf_init(&target->lines, 4096, 8 << 20);
    return target;
}

static bool play_line(struct player *player, struct span line, int64_t *step_end,
                      struct error *error)
{
    const struct json_value *value;
    size_t bad_at;
    int64_t at;
    arena_reset(&player->arena);
    if (json_read(player->reader, line, &player->arena, &value, &bad_at) != REJECT_NONE ||
        !json_int(value, "at", &at))
        return error_set(error, ERROR_REFUSED, 0,
                         "not a timeline: a line lacks \"at\", \"to\" or \"item\"");
    if (*step_end == 0)
        *step_end = at - at % player->timeline->step_ms + player->timeline->step_ms;
    while (at >= *step_end) {
        if (!end_step(player, *step_end, error))
            return false;
        *step_end += player->timeline->step_ms;
    }
    struct target *target = find_target(player, json_text(value, "to"));
    if (!target)
        return error_set(error, ERROR_REFUSED, 0, "a timeline names more than %d doors",
                         MOST_DOORS);
    strbuf_add(&target->lines, item_text(line));
    strbuf_add_char(&target->lines, '\n');
    return target->lines.len < PART_BYTES || post_target(player, target, error);
}

static bool play(struct player *player, struct input_file *file, int64_t bytes, struct error *error)
{
    struct progress progress;
    int64_t step_end = 0;
    bool last = false, good = true;
    char note[96];
    progress_begin(&progress, "day", bytes);
    while (good) {
        struct span unread = input_file_peek(file, 1 << 16, &last, error);
        if (!unread.at || unread.len == 0)
            break;
        ptrdiff_t end = span_find(unread, '\n');
        struct span line = span_from(unread.at, end < 0 ? unread.len : (size_t)end);
        good = play_line(player, span_trim(line), &step_end, error);
        input_file_take(file, line.len + (end < 0 ? 0 : 1));
        snprintf(note, sizeof note, "%lld accepted", (long long)player->door->accepted);
        progress_show(&progress, input_file_offset(file), note);
    }
    good = good && error->kind == ERROR_NONE && end_step(player, step_end, error);
    snprintf(note, sizeof note, "%lld accepted, %lld rejected", (long long)player->door->accepted,
             (long long)player->door->rejected);
    progress_end(&progress, note);
    return good;
}

bool timeline_send(const struct timeline *timeline, struct door *door, const char *path,
                   struct error *error)
{
    char hash[DIGEST_ID_LEN + 1];
    int64_t bytes;
    struct input_file *file = input_file_open(path, error);
    if (!file)
        return false;
    struct player *player = xcalloc(1, sizeof *player);
    player->timeline = timeline;
    player->door = door;
    player->reader = json_reader_new();
    arena_init(&player->arena, 1 << 20);
    bool good = input_file_hash(file, hash, &bytes, error) && play(player, file, bytes, error);
    for (size_t i = 0; i < player->count; i++)
        strbuf_fini(&player->targets[i].lines);
    arena_fini(&player->arena);
    json_reader_free(player->reader);
    free(player);
    input_file_close(file);
    return good;
}
