/* SPDX-License-Identifier: Apache-2.0 */
/* The drop directories: who drops a file where, when it is whole, and where it goes.
 *
 *   <root>/<feed>/orders.csv                          dropped by a station
 *   <root>/<feed>/working/20260302T021500.123Z-orders.csv   taken; read on from here after a crash
 *   <root>/<feed>/done/…-orders.csv  ….txt ….json     stored, with its receipts
 *   <root>/<feed>/done/<hash>.receipt                 what was taken, known by its content
 *   <root>/<feed>/failed/…-orders.csv ….txt ….json    nothing of it can be taken, and why
 *
 * Every function may block: they run on a pool thread, one at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ingest/core/mapping.h"
#include "ingest/drop_file.h"

#define DROP_PATH_MAX 1024

enum drop_when { DROP_STABLE, DROP_RENAME, DROP_DONE_FILE };

struct drop_settings {
    const char *root; /* "" = no drop directories */
    int when;         /* enum drop_when */
    int64_t stable_ms, look_every_ms;
};

struct drop_folder {
    const struct drop_settings *settings; /* borrowed */
    const struct feeds *feeds;            /* borrowed */
    int lock;                             /* one process at a time: -1 until it is ours */
    size_t turn;                          /* the feed that is looked at first */
    int64_t denied;                       /* files that may not be read, at the last look */
};

/* Directories that are missing are made. */
bool drop_folder_open(struct drop_folder *folder, const struct drop_settings *settings,
                      const struct feeds *feeds, struct error *error);
/* <root>/<feed>/<sub>/<name><suffix>; sub and suffix may be "". */
char *drop_folder_path(const struct drop_folder *folder, const struct drop_file *file,
                       const char *sub, const char *name, const char *suffix,
                       char path[DROP_PATH_MAX]);
/* The next file, opened: one that a dead process left in working/, or a whole one, moved there.
 * False: there is none, or another process has the directories; *error says more of a fault. */
bool drop_folder_next(struct drop_folder *folder, int64_t now_ms, struct drop_file *file,
                      struct error *error);
/* From working/ to done/ or failed/. */
bool drop_folder_finish(const struct drop_folder *folder, const struct drop_file *file,
                        const char *sub, struct error *error);
/* What was written last to a directory is there after a power cut. */
bool drop_folder_sync(const struct drop_folder *folder, const struct drop_file *file,
                      const char *sub, struct error *error);
