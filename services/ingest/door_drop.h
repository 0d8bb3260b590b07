/* SPDX-License-Identifier: Apache-2.0 */
/* Files that stations drop into their directories (drop_folder.h): one after the other, read in
 * bounded memory, every record to `raw` under the file's hash, its row and its byte offset, as the
 * HTTP door writes it. A file lies in done/ only when the brokers have all of it. A restart at any
 * moment goes on with what lies in working/, from its beginning and with its first time: the same
 * records again, which are counted once. */
#pragma once

#include <stdbool.h>

#include "ingest/doors.h"

struct door_drop;

/* `doors` is borrowed: its trial reads the items. */
struct door_drop *door_drop_open(struct doors *doors, struct error *error);
/* Nothing more is sent; what is under way stays in working/. */
void door_drop_stop(struct door_drop *drop);
