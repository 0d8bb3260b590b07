/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a dropped file, for a program (JSON) and for a clerk (text in Chinese and
 * English): counts, and each rejected record by number, row, column, byte and reason. However many
 * are rejected, memory is bounded: they wait in files beside the one that is read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "ingest/core/verdict.h"
#include "ingest/drop_file.h"
#include "ingest/drop_folder.h"

enum drop_result {
    DROP_TAKEN,  /* every record is stored, rejected ones too */
    DROP_REPEAT, /* this content was taken before: nothing is added */
    DROP_FAILED, /* file->fault says why */
    DROP_OVER    /* taken, and its receipts are written: only the move was missing */
};

struct drop_receipt {
    struct strbuf json, text;       /* owned; not in the files yet */
    int json_fd, text_fd;           /* owned; -1 = none */
    int64_t json_bytes, text_bytes; /* in the files */
    int64_t accepted, rejected;
    char first[DROP_NAME_MAX]; /* of a repeat: as what it is kept */
};

/* How far a receipt had come, to go back there when records were not stored. */
struct drop_receipt_mark {
    size_t json, text;
    int64_t accepted, rejected;
};

void drop_receipt_init(struct drop_receipt *receipt);
void drop_receipt_reset(struct drop_receipt *receipt);
void drop_receipt_add(struct drop_receipt *receipt, const struct verdict *verdict);
struct drop_receipt_mark drop_receipt_mark(const struct drop_receipt *receipt);
/* Only to a mark behind the last spool. */
void drop_receipt_return(struct drop_receipt *receipt, const struct drop_receipt_mark *mark);
size_t drop_receipt_waiting(const struct drop_receipt *receipt); /* bytes in memory */

/* The rest may block: on a pool thread. */
bool drop_receipt_spool(struct drop_receipt *receipt, const struct drop_folder *folder,
                        const struct drop_file *file, struct error *error);
/* Was this content taken before, under the same mapping and charset? DROP_TAKEN = no. */
enum drop_result drop_receipt_recall(struct drop_receipt *receipt, const struct drop_folder *folder,
                                     const struct drop_file *file);
/* Both receipts, what the content is known by, and the file itself into done/ or failed/: in this
 * order, each there for good before the next. Can be asked again after an error. */
bool drop_receipt_close(struct drop_receipt *receipt, const struct drop_folder *folder,
                        const struct drop_file *file, enum drop_result result, struct error *error);
