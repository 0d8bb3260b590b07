/* SPDX-License-Identifier: Apache-2.0 */
/* A file is read twice: first for its hash, which is part of its records' identity, and for faults
 * that concern all of it, so that a file is taken whole or not at all; then for its records. */
#include "ingest/drop_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "model/cloudevent.h"

#define SURVEY_STEP (32 << 20) /* bytes of one job: a pool thread is not held for long */
#define LOOK_BYTES  4096       /* of the beginning, which tell what it is */

void drop_file_stamp(char stamp[DROP_STAMP_LEN + 1], int64_t ms)
{
    struct civil civil;
    timestamp_to_civil(ms, 0, &civil);
    snprintf(stamp, DROP_STAMP_LEN + 1, "%04u%02u%02uT%02u%02u%02u.%03uZ-",
             (unsigned)civil.year % 10000U, (unsigned)civil.month % 100U,
             (unsigned)civil.day % 100U, (unsigned)civil.hour % 100U, (unsigned)civil.minute % 100U,
             (unsigned)civil.second % 100U, (unsigned)civil.millisecond % 1000U);
}

bool drop_file_read_stamp(const char *name, int64_t *ms)
{
    struct span text = span_of(name);
    return text.len > DROP_STAMP_LEN && name[8] == 'T' && name[15] == '.' &&
           timestamp_parse(span_from(name, DROP_STAMP_LEN), "%Y%m%dT%H%M%S.%fZ-", 0, ms);
}

bool drop_file_refuse(struct drop_file *file, enum drop_fault fault, int64_t row, int64_t offset)
{
    file->fault = fault;
    file->fault_row = row;
    file->fault_offset = offset;
    return true;
}

static struct span content_type(const struct drop_file *file)
{
    if (file->mapping->format == MAPPING_CLOUDEVENTS)
        return SPAN(CLOUDEVENT_TYPE);
    return file->terms.form == FRAMING_CSV ? SPAN("text/csv") : SPAN("application/json");
}

struct raw_header drop_file_header(const struct drop_file *file)
{
    return (struct raw_header){
        .feed = span_of(file->feed->id),
        .mapping = file->mapping->version,
        .upload = span_of(file->hash),
        .rows = file->rows,
        .received_ms = file->received_ms,
        .content_type = content_type(file),
        .charset = span_of(charset_name(file->terms.charset)),
    };
}

void drop_file_rewind(struct drop_file *file, struct item_reader *reader)
{
    char unused[DIGEST_ID_LEN + 1];
    if (file->digest)
        digest_finish(file->digest, unused);
    file->digest = digest_new();
    item_reader_rewind(reader);
    if (lseek(file->fd, 0, SEEK_SET) < 0)
        drop_file_refuse(file, DROP_FAULT_UNREADABLE, 0, 0);
}

void drop_file_feed(struct drop_file *file, struct item_reader *reader)
{
    size_t room;
    char *at = item_reader_room(reader, &room);
    ssize_t got;
    do
        got = read(file->fd, at, room);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        drop_file_refuse(file, DROP_FAULT_UNREADABLE, 0, reader->offset + (int64_t)reader->len);
        return;
    }
    digest_add(file->digest, span_from(at, (size_t)got));
    item_reader_fed(reader, (size_t)got);
}

static bool begins(struct span bytes, const char *mark, size_t len)
{
    return bytes.len >= len && memcmp(bytes.at, mark, len) == 0;
}

/* Every sixteenth byte is NUL, as in texts of two-byte units; a stray one is its row's fault. */
static bool is_wide(struct span front)
{
    size_t nuls = 0;
    for (size_t i = 0; i < front.len; i++)
        nuls += front.at[i] == '\0';
    return nuls > 1 && nuls * 16 >= front.len;
}

/* A workbook, an archive, a text of two-byte units. */
static bool is_no_text(struct span bytes)
{
    struct span front = span_from(bytes.at, bytes.len < LOOK_BYTES ? bytes.len : LOOK_BYTES);
    return begins(front, "PK\x03\x04", 4) || begins(front, "\xD0\xCF\x11\xE0", 4) ||
           begins(front, "\x1F\x8B", 2) || begins(front, "%PDF", 4) ||
           begins(front, "\xFF\xFE", 2) || begins(front, "\xFE\xFF", 2) ||
           begins(front, "7z\xBC\xAF", 4) || begins(front, "Rar!", 4) || is_wide(front);
}

/* Reads on where the reader needs more; true: nothing more can come of this file. */
static bool survey_more(struct drop_file *file, struct item_reader *reader)
{
    bool first = reader->offset == 0 && reader->len == 0;
    drop_file_feed(file, reader);
    if (file->fault != DROP_FAULT_NONE)
        return true;
    file->bytes = reader->offset + (int64_t)reader->len;
    if (first && reader->last)
        return drop_file_refuse(file, DROP_FAULT_EMPTY, 0, 0);
    if (first && is_no_text(span_from(reader->window, reader->len)))
        return drop_file_refuse(file, DROP_FAULT_NOT_TEXT, 0, 0);
    return false;
}

bool drop_file_survey(struct drop_file *file, struct item_reader *reader)
{
    struct framing_item item;
    int64_t until = file->bytes + SURVEY_STEP;
    while (file->bytes < until) {
        switch (item_reader_next(reader, &item)) {
        case ITEM_READER_ITEM: file->rows = item.row; break;
        case ITEM_READER_FEED:
            if (survey_more(file, reader))
                return true;
            break;
        case ITEM_READER_LONG:
            return drop_file_refuse(file, DROP_FAULT_LONG, item.row, item.byte_offset);
        case ITEM_READER_END:
            digest_finish(file->digest, file->hash);
            file->digest = NULL;
            return true;
        }
    }
    return false;
}

void drop_file_compare(struct drop_file *file)
{
    char hash[DIGEST_ID_LEN + 1];
    digest_finish(file->digest, hash);
    file->digest = NULL;
    if (strcmp(hash, file->hash) != 0)
        drop_file_refuse(file, DROP_FAULT_CHANGED, 0, 0);
}

void drop_file_close(struct drop_file *file)
{
    char unused[DIGEST_ID_LEN + 1];
    if (file->digest)
        digest_finish(file->digest, unused);
    file->digest = NULL;
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}
