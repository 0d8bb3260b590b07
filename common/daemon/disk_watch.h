/* SPDX-License-Identifier: Apache-2.0 */
/* How much room the file systems of some folders have, as metrics: what fills up stops a broker or
 * a database long before anybody looks. */
#pragma once

#include "daemon/daemon.h"

struct disk_watch;

/* `folders` with commas between them, borrowed; at most eight, the rest is not watched and said so.
 */
struct disk_watch *disk_watch_open(struct daemon *daemon, const char *folders);
void disk_watch_close(struct disk_watch *watch); /* frees once the last answer is there */
