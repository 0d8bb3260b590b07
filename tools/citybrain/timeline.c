/* SPDX-License-Identifier: Apache-2.0 */
/* Groups a step's lines by door in memory (a step is minutes of a district's day, well under a MiB
 * a door). */
#include "citybrain/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "citybrain/input_file.h"
#include "citybrain/progress.h"
#include "gen/base64.h"
#include "model/json.h"

#define MOST_DOORS 4096
#define LINES_TYPE "application/x-ndjson"
#define LINES      SPAN(LINES_TYPE)
#define PART_BYTES (1 << 20)
#define LINE_BYTES (1 << 20)

struct target {
    char path[128], principal[64], type[64];
    struct strbuf lines;
    struct strbuf numbers; /* of the lines in the timeline: "1-3,7" */
    int64_t from, to;      /* the last of these ranges; 0 = none */
};

struct player {
    const struct timeline *timeline;
    struct door *door;
    struct target targets[MOST_DOORS];
    size_t count;
    struct json_reader *reader;
    struct arena arena;
    int64_t step_end, line;
    bool moved; /* the clock, to step_end */
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

static void add_range(struct target *target)
{
    if (target->from == 0)
        return;
    strbuf_addf(&target->numbers, "%s%lld", target->numbers.len ? "," : "",
                (long long)target->from);
    if (target->to > target->from)
        strbuf_addf(&target->numbers, "-%lld", (long long)target->to);
    target->from = target->to = 0;
}

static void add_number(struct target *target, int64_t line)
{
    if (target->from && line != target->to + 1)
        add_range(target);
    if (target->from == 0)
        target->from = line;
    target->to = line;
}

/* Before the first item of a step, and for a step without any: time passes all the same. */
static bool begin_step(struct player *player, struct error *error)
{
    struct manual_clock *clock = player->timeline->clock;
    bool was = player->moved;
    player->moved = true;
    return was || clock->count == 0 || manual_clock_move(clock, player->step_end, error);
}

/* The word behind "/v1/feeds/" or "/v1/units/". */
static void name_principal(struct target *target)
{
    struct span path = span_of(target->path);
    for (int i = 0; i < 3; i++)
        span_cut(&path, '/');
    span_to_cstr(span_cut(&path, '/'), target->principal, sizeof target->principal);
}

/* All that waits, doors side by side. */
static bool post(struct player *player, struct error *error)
{
    struct door_part parts[DOOR_AT_ONCE];
    size_t count = 0;
    bool good = begin_step(player, error);
    for (size_t i = 0; good && i < player->count; i++) {
        struct target *target = &player->targets[i];
        if (target->lines.len) {
            add_range(target);
            parts[count++] = (struct door_part){.path = target->path,
                                                .principal = target->principal,
                                                .content_type = target->type,
                                                .body = strbuf_span(&target->lines),
                                                .rows = target->numbers.at};
        }
        if (count == DOOR_AT_ONCE || (count && i + 1 == player->count)) {
            good = door_post_all(player->door, parts, count, error);
            count = 0;
        }
    }
    for (size_t i = 0; i < player->count; i++) {
        strbuf_reset(&player->targets[i].lines);
        strbuf_reset(&player->targets[i].numbers);
    }
    return good;
}

static bool end_step(struct player *player, struct error *error)
{
    if (!post(player, error))
        return false;
    player->step_end += player->timeline->step_ms;
    player->moved = false;
    return true;
}

/* Where a line's item goes: lines of one door share a request, an upload has its own. */
static struct target *find_target(struct player *player, struct span path, struct span type)
{
    for (size_t i = 0; i < player->count; i++) {
        struct target *target = &player->targets[i];
        bool same = span_is(path, target->path) && span_is(type.at ? type : LINES, target->type);
        if (same && (!type.at || target->lines.len == 0))
            return target;
    }
    if (player->count == MOST_DOORS)
        return NULL;
    struct target *target = &player->targets[player->count++];
    span_to_cstr(path, target->path, sizeof target->path);
    span_to_cstr(type.at ? type : LINES, target->type, sizeof target->type);
    name_principal(target);
    strbuf_init(&target->lines, 4096, 8 << 20);
    strbuf_init(&target->numbers, 256, 1 << 20);
    return target;
}

static bool add_item(struct player *player, struct target *target, struct span line,
                     const struct json_value *value, struct error *error)
{
    if (strcmp(target->type, LINES_TYPE) == 0) {
        strbuf_add(&target->lines, item_text(line));
        strbuf_add_char(&target->lines, '\n');
    } else if (!base64_read(&target->lines, json_text(value, "item"))) {
        return error_set(error, ERROR_REFUSED, 0, "line %lld: its item is no base64",
                         (long long)player->line);
    }
    add_number(target, player->line);
    return target->lines.len < PART_BYTES || post(player, error);
}

static bool play_line(struct player *player, struct span line, struct error *error)
{
    const struct json_value *value;
    size_t bad_at;
    int64_t at, step_ms = player->timeline->step_ms;
    arena_reset(&player->arena);
    if (json_read(player->reader, line, &player->arena, &value, &bad_at) != REJECT_NONE ||
        !json_int(value, "at", &at) || !json_text(value, "to").at || !item_text(line).at)
        return error_set(error, ERROR_REFUSED, 0,
                         "line %lld is no timeline's: it lacks \"at\", \"to\" or \"item\"",
                         (long long)player->line);
    if (player->step_end == 0)
        player->step_end = at - at % step_ms + step_ms;
    if (at < player->step_end - step_ms)
        return error_set(error, ERROR_REFUSED, 0,
                         "line %lld lies before the step that is played; fix: sort by \"at\"",
                         (long long)player->line);
    while (at >= player->step_end)
        if (!end_step(player, error))
            return false;
    struct target *target = find_target(player, json_text(value, "to"), json_text(value, "type"));
    if (!target)
        return error_set(error, ERROR_REFUSED, 0, "more than %d requests in a step", MOST_DOORS);
    return add_item(player, target, line, value, error);
}

/* With a whole line at its beginning, unless that is longer than LINE_BYTES. */
static struct span peek_line(struct input_file *file, bool *last, struct error *error)
{
    struct span unread = SPAN_NONE;
    for (size_t want = 1 << 16; want <= LINE_BYTES; want *= 2) {
        unread = input_file_peek(file, want, last, error);
        if (!unread.at || *last || span_find(unread, '\n') >= 0)
            break;
    }
    return unread;
}

static bool play(struct player *player, struct input_file *file, int64_t bytes, struct error *error)
{
    struct progress progress;
    bool last = false, good = true;
    char note[96];
    progress_begin_bytes(&progress, "day", bytes);
    while (good) {
        struct span unread = peek_line(file, &last, error);
        if (!unread.at || unread.len == 0)
            break;
        ptrdiff_t end = span_find(unread, '\n');
        struct span line = span_from(unread.at, end < 0 ? unread.len : (size_t)end);
        player->line++;
        good = play_line(player, span_trim(line), error);
        input_file_take(file, line.len + (end < 0 ? 0 : 1));
        snprintf(note, sizeof note, "%lld accepted", (long long)player->door->accepted);
        progress_show(&progress, input_file_offset(file), note);
    }
    good = good && error->kind == ERROR_NONE && end_step(player, error);
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
    bool good = (timeline->clock->count == 0 || manual_clock_read(timeline->clock, error)) &&
                input_file_hash(file, hash, &bytes, error) && play(player, file, bytes, error);
    for (size_t i = 0; i < player->count; i++) {
        strbuf_fini(&player->targets[i].lines);
        strbuf_fini(&player->targets[i].numbers);
    }
    arena_fini(&player->arena);
    json_reader_free(player->reader);
    free(player);
    input_file_close(file);
    return good;
}
