/* SPDX-License-Identifier: Apache-2.0 */
/* Two records are kept: the one at work now, and the suspect, at which the last death in the core
 * happened. After a death the transaction is aborted and earlier records come again, so the suspect
 * must outlive them. Stores are plain writes to a shared mapping: no system call per record, and
 * the kernel keeps the page when the process is gone. A damaged or foreign file is started anew:
 * the worst is one more attempt. */
#include "kafka/poison_note.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x31505643U /* "CVP1" */

enum poison_phase { POISON_IDLE, POISON_CORE, POISON_COMMIT };

struct poison_page {
    uint32_t magic;
    _Atomic uint32_t phase;
    struct poison_record at;
    struct poison_record suspect;
    uint32_t deaths; /* at the suspect */
    uint32_t unused[5];
};
static_assert(sizeof(struct poison_page) == 64, "one cache line, one write");

static bool same(const struct poison_record *a, const struct poison_record *b)
{
    return a->offset == b->offset && a->partition == b->partition && a->topic == b->topic;
}

static void set_phase(struct poison_note *note, enum poison_phase phase)
{
    atomic_store_explicit(&note->page->phase, (uint32_t)phase, memory_order_release);
}

bool poison_note_make_folder(const char *path, struct error *error)
{
    char partial[KAFKA_MAX_NAME * 2];
    snprintf(partial, sizeof(partial), "%s", path);
    for (char *at = partial + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        (void)mkdir(partial, 0700); /* what counts is the last one */
        *at = '/';
    }
    if (mkdir(partial, 0700) == 0 || errno == EEXIST)
        return true;
    return error_set(error, ERROR_CONFIG, errno,
                     "kafka.note_dir %s: %s; fix: name a folder we may write", path,
                     strerror(errno));
}

static void count_death(struct poison_page *page)
{
    if (page->magic != MAGIC) {
        memset(page, 0, sizeof(*page));
        page->magic = MAGIC;
        return;
    }
    if (page->phase == POISON_CORE) {
        page->deaths = same(&page->at, &page->suspect) ? page->deaths + 1 : 1;
        page->suspect = page->at;
    }
    page->phase = POISON_IDLE;
}

bool poison_note_open(struct poison_note *note, const struct kafka_settings *settings,
                      struct error *error)
{
    char path[KAFKA_MAX_NAME * 3];
    if (!poison_note_make_folder(settings->note_dir, error))
        return false;
    snprintf(path, sizeof(path), "%s/%s%s-%d.note", settings->note_dir, settings->prefix,
             settings->group, (int)settings->slot);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *page = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof(struct poison_page)) == 0)
        page = mmap(NULL, sizeof(struct poison_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (page == MAP_FAILED)
        return error_set(error, ERROR_CONFIG, code, "%s: %s; fix: let us write kafka.note_dir",
                         path, strerror(code));
    note->page = page;
    count_death(note->page);
    return true;
}

void poison_note_close(struct poison_note *note)
{
    if (note->page)
        munmap(note->page, sizeof(*note->page));
    note->page = NULL;
}

uint32_t poison_note_deaths(const struct poison_note *note, const struct poison_record *record)
{
    return note->page->deaths > 0 && same(&note->page->suspect, record) ? note->page->deaths : 0;
}

void poison_note_enter(struct poison_note *note, const struct poison_record *record)
{
    note->page->at = *record;
    set_phase(note, POISON_CORE);
}

void poison_note_leave(struct poison_note *note)
{
    set_phase(note, POISON_IDLE);
}

void poison_note_commit(struct poison_note *note)
{
    set_phase(note, POISON_COMMIT);
}

void poison_note_passed(struct poison_note *note, uint32_t topic, int32_t partition,
                        int64_t position)
{
    struct poison_page *page = note->page;
    if (page->deaths > 0 && page->suspect.topic == topic && page->suspect.partition == partition &&
        page->suspect.offset < position)
        page->deaths = 0;
}
