/* SPDX-License-Identifier: Apache-2.0 */
/* How long what a sender sent took to be seen in SQL, stage by stage, and how far behind we are, in
 * records and in seconds: for the metrics alerts stand on. */
#pragma once

#include "daemon/daemon.h"
#include "kafka/follow.h"
#include "model/event.h"

struct freshness;
/* `most`: events of one batch; those beyond are not measured. */
struct freshness *freshness_new(struct daemon *daemon, const char *topic, size_t most);
/* A record went into the batch that is filled. */
void freshness_read(struct freshness *freshness, const struct record *record,
                    const struct event *event);
/* That batch is on its way to the database; another one is filled now. */
void freshness_sent(struct freshness *freshness);
/* It is there; or it was dropped, as what is being filled may be. */
void freshness_committed(struct freshness *freshness);
void freshness_forget(struct freshness *freshness, bool sent);
/* What is stored of a partition that is ours ends at `next`. */
void freshness_stored(struct freshness *freshness, int32_t partition, int64_t next);
/* All partitions are taken away: whoever has them now tells of them. */
void freshness_lost(struct freshness *freshness);
/* How far what is stored lies behind the log: also, and above all, while nothing can be stored.
 * Returns how many offsets are not. */
int64_t freshness_tell(struct freshness *freshness, const struct follow *follow);
