/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of rejects grow in working/<file>.json.part and .txt.part; at the end each is put behind
 * its head. A file is moved last, so one that lies in done/ has its receipts. */
#include "ingest/drop_receipt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ingest/drop_words.h"
#include "model/json.h"

#define SPOOL_MAX (8 << 20) /* far more than one batch of verdicts */
#define KNOWN_MAX 4096      /* bytes of <hash>.receipt */

void drop_receipt_init(struct drop_receipt *receipt)
{
    *receipt = (struct drop_receipt){.json_fd = -1, .text_fd = -1};
    strbuf_init(&receipt->json, 4096, SPOOL_MAX);
    strbuf_init(&receipt->text, 4096, SPOOL_MAX);
}

static void close_spool(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void drop_receipt_reset(struct drop_receipt *receipt)
{
    close_spool(&receipt->json_fd);
    close_spool(&receipt->text_fd);
    strbuf_reset(&receipt->json);
    strbuf_reset(&receipt->text);
    receipt->json_bytes = receipt->text_bytes = 0;
    receipt->accepted = receipt->rejected = 0;
    receipt->first[0] = 0;
}

void drop_receipt_add(struct drop_receipt *receipt, const struct verdict *verdict)
{
    if (verdict->why->reject == REJECT_NONE) {
        receipt->accepted++;
        return;
    }
    strbuf_add(&receipt->json, receipt->rejected > 0 ? SPAN(",\n") : SPAN("\n"));
    verdict_write(&receipt->json, verdict);
    drop_words_reject(&receipt->text, verdict);
    receipt->rejected++;
}

struct drop_receipt_mark drop_receipt_mark(const struct drop_receipt *receipt)
{
    return (struct drop_receipt_mark){receipt->json.len, receipt->text.len, receipt->accepted,
                                      receipt->rejected};
}

void drop_receipt_return(struct drop_receipt *receipt, const struct drop_receipt_mark *mark)
{
    receipt->json.len = mark->json;
    receipt->text.len = mark->text;
    receipt->accepted = mark->accepted;
    receipt->rejected = mark->rejected;
}

size_t drop_receipt_waiting(const struct drop_receipt *receipt)
{
    return receipt->json.len + receipt->text.len;
}

static bool fail(struct error *error, const char *path)
{
    return error_set(error, ERROR_RETRY, errno, "%s: %s", path, strerror(errno));
}

static bool write_all(int fd, struct span bytes, int64_t at)
{
    while (bytes.len > 0) {
        ssize_t put = pwrite(fd, bytes.at, bytes.len, at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        bytes = span_from(bytes.at + put, bytes.len - (size_t)put);
        at += put;
    }
    return true;
}

/* What was not written whole is written over the next time. */
static bool spool_one(const char *path, int *fd, int64_t *bytes, struct strbuf *from,
                      struct error *error)
{
    if (*fd < 0)
        *fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0666);
    if (*fd < 0 || !write_all(*fd, strbuf_span(from), *bytes))
        return fail(error, path);
    *bytes += (int64_t)from->len;
    strbuf_reset(from);
    return true;
}

bool drop_receipt_spool(struct drop_receipt *receipt, const struct drop_folder *folder,
                        const struct drop_file *file, struct error *error)
{
    char json[DROP_PATH_MAX], text[DROP_PATH_MAX];
    drop_folder_path(folder, file, "working", file->kept, ".json.part", json);
    drop_folder_path(folder, file, "working", file->kept, ".txt.part", text);
    return spool_one(json, &receipt->json_fd, &receipt->json_bytes, &receipt->json, error) &&
           spool_one(text, &receipt->text_fd, &receipt->text_bytes, &receipt->text, error);
}

static bool copy(int to, int64_t at, int from, int64_t bytes)
{
    static const size_t piece = 65536;
    char buffer[65536];
    for (int64_t done = 0; done < bytes;) {
        int64_t left = bytes - done;
        ssize_t got = pread(from, buffer, left < (int64_t)piece ? (size_t)left : piece, done);
        if (got <= 0 || !write_all(to, span_from(buffer, (size_t)got), at + done))
            return false;
        done += got;
    }
    return true;
}

/* head, the spooled list, tail: whole and synced before it has its name. */
static bool write_file(const char *path, const struct strbuf *head, int list, int64_t list_bytes,
                       struct span tail, struct error *error)
{
    char part[DROP_PATH_MAX + 8];
    snprintf(part, sizeof part, "%s.part", path);
    int fd = open(part, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
    int64_t len = (int64_t)head->len;
    bool good = fd >= 0 && write_all(fd, strbuf_span(head), 0) && copy(fd, len, list, list_bytes) &&
                write_all(fd, tail, len + list_bytes) && fsync(fd) == 0;
    if (!good)
        fail(error, part);
    if (fd >= 0)
        close(fd);
    return good && (rename(part, path) == 0 || fail(error, path));
}

enum drop_result drop_receipt_recall(struct drop_receipt *receipt, const struct drop_folder *folder,
                                     const struct drop_file *file)
{
    char path[DROP_PATH_MAX], text[KNOWN_MAX];
    enum drop_result result = DROP_TAKEN;
    int fd = open(drop_folder_path(folder, file, "done", file->hash, ".receipt", path), O_RDONLY);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text) : 0;
    if (fd >= 0)
        close(fd);
    if (got <= 0)
        return DROP_TAKEN;
    struct json_reader *reader = json_reader_new();
    struct arena arena;
    const struct json_value *root = NULL;
    size_t bad_at;
    int64_t version = -1;
    arena_init(&arena, 16384);
    if (json_read(reader, span_from(text, (size_t)got), &arena, &root, &bad_at) == REJECT_NONE &&
        json_int(root, "mapping", &version) && version == file->mapping->version &&
        span_is(json_text(root, "charset"), charset_name(file->terms.charset)) &&
        span_is(json_text(root, "format"), drop_words_form(file->terms.form))) {
        span_to_cstr(json_text(root, "kept"), receipt->first, sizeof receipt->first);
        result = span_equal(json_text(root, "kept"), drop_words_name(file->kept, &arena))
                     ? DROP_OVER
                     : DROP_REPEAT;
    }
    arena_fini(&arena);
    json_reader_free(reader);
    return result;
}

static bool write_receipts(struct drop_receipt *receipt, const struct drop_folder *folder,
                           const struct drop_file *file, enum drop_result result,
                           struct error *error)
{
    const char *sub = result == DROP_FAILED ? "failed" : "done";
    char path[DROP_PATH_MAX];
    struct strbuf head;
    strbuf_init(&head, 4096, 65536);
    drop_words_text(&head, file, receipt, result);
    bool good = write_file(drop_folder_path(folder, file, sub, file->kept, ".txt", path), &head,
                           receipt->text_fd, receipt->text_bytes, SPAN(""), error);
    strbuf_reset(&head);
    drop_words_json(&head, file, receipt, result);
    strbuf_add(&head, SPAN(",\"rejects\":["));
    good = good && write_file(drop_folder_path(folder, file, sub, file->kept, ".json", path), &head,
                              receipt->json_fd, receipt->json_bytes, SPAN("]}\n"), error);
    if (good && result == DROP_TAKEN) {
        strbuf_reset(&head);
        drop_words_json(&head, file, receipt, result);
        good = write_file(drop_folder_path(folder, file, sub, file->hash, ".receipt", path), &head,
                          -1, 0, SPAN("}\n"), error);
    }
    strbuf_fini(&head);
    return good && drop_folder_sync(folder, file, sub, error);
}

bool drop_receipt_close(struct drop_receipt *receipt, const struct drop_folder *folder,
                        const struct drop_file *file, enum drop_result result, struct error *error)
{
    char path[DROP_PATH_MAX];
    if (result != DROP_OVER && (!drop_receipt_spool(receipt, folder, file, error) ||
                                !write_receipts(receipt, folder, file, result, error)))
        return false;
    if (!drop_folder_finish(folder, file, result == DROP_FAILED ? "failed" : "done", error))
        return false;
    unlink(drop_folder_path(folder, file, "working", file->kept, ".json.part", path));
    unlink(drop_folder_path(folder, file, "working", file->kept, ".txt.part", path));
    drop_receipt_reset(receipt);
    return true;
}
