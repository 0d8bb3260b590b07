/* SPDX-License-Identifier: Apache-2.0 */
/* One dropped file under way: who sent it, by what names it is known, and what a first reading says
 * of it. Everything here may block: it runs on a pool thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "ingest/core/file_terms.h"
#include "ingest/core/item_reader.h"
#include "ingest/core/mapping.h"
#include "ingest/drop_fault.h"
#include "model/raw_header.h"

#define DROP_NAME_MAX  288 /* a name of the file system, and a stamp */
#define DROP_STAMP_LEN 21  /* "20260302T021500.123Z-" */

struct drop_file {
    const struct feed *feed;       /* borrowed for good */
    const struct mapping *mapping; /* in force when the file was taken */
    char name[DROP_NAME_MAX];      /* as it was dropped */
    char kept[DROP_NAME_MAX];      /* stamp and name: in working/, done/ and failed/ */
    int64_t received_ms;           /* the stamp: the same after a restart */
    struct file_terms terms;
    int fd; /* owned; -1 = closed */
    int64_t bytes, rows;
    char hash[DIGEST_ID_LEN + 1];
    struct digest *digest; /* of the reading under way; NULL = none */
    /* Why it is not taken, and where: row 0 = not in a record. */
    enum drop_fault fault;
    int64_t fault_row, fault_offset;
    struct reject_place fault_place; /* of a header */
};

void drop_file_stamp(char stamp[DROP_STAMP_LEN + 1], int64_t ms);
/* The time of a stamp in front of a name; false where there is none. */
bool drop_file_read_stamp(const char *name, int64_t *ms);
bool drop_file_refuse(struct drop_file *file, enum drop_fault fault, int64_t row, int64_t offset);
/* What its records share; valid as long as the file. */
struct raw_header drop_file_header(const struct drop_file *file);
/* To the first byte, for a reading from there. */
void drop_file_rewind(struct drop_file *file, struct item_reader *reader);
/* The next bytes into the reader, all of them through the digest; a failed read is its fault. */
void drop_file_feed(struct drop_file *file, struct item_reader *reader);
/* A part of the first reading: hash, rows, what no reading can mend. False: there is more. */
bool drop_file_survey(struct drop_file *file, struct item_reader *reader);
/* After the second reading: were these the bytes of the first? */
void drop_file_compare(struct drop_file *file);
void drop_file_close(struct drop_file *file);
