/* SPDX-License-Identifier: Apache-2.0 */
/* What a window that fires says: the `opened` of a proactive case, with its evidence and one
 * sentence in Chinese that says why, numbers filled in. Its id is made of trigger, group and window
 * start. */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/record.h"
#include "base/strbuf.h"
#include "router/core/district.h"
#include "router/core/window_judge.h"
#include "router/core/window_texts.h"

struct firing {
    const struct trigger *trigger;
    struct span group;                      /* the key: trigger|value|value */
    struct span values[TRIGGER_MOST_GROUP]; /* of it, unescaped */
    const struct window_texts *texts;
    const struct window_finding *finding;
    const struct district *district;
    const struct station *station; /* silence; else NULL */
    struct span bundle;
    int64_t time_ms; /* the later of the cause's recorded time and the clock */
};

struct firing_writer {
    struct strbuf data, event, text; /* owned; warm buffers */
    char cause[DIGEST_ID_LEN];       /* of what is written, where it is one of ours */
};
void firing_writer_init(struct firing_writer *writer);
void firing_writer_fini(struct firing_writer *writer);

/* The values of a key, as many as the trigger groups by; absent ones where it has fewer. */
void firing_split_group(struct span values[TRIGGER_MOST_GROUP], struct span group,
                        struct arena *arena);
/* A field: of the group, of the newest fact, of the notice; or absent. */
struct span firing_field(const struct firing *firing, struct span name);
/* False when it does not fit a buffer: nothing was written. */
bool firing_send(struct firing_writer *writer, const struct firing *firing,
                 struct outputs *outputs);
