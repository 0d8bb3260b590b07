/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the desk now, read from its own topic: the newest record of a case says whether
 * it is still asked, the newest that names a cause says what. No database is needed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "kafka/client.h"
#include "model/json.h"

struct desk_duty_item {
    char *case_id, *order; /* owned; order = the record that says what is asked */
    bool open;
    int reminders;               /* nudges and overdue notices since */
    struct desk_duty_item *next; /* in no order */
};

struct desk_duties {
    struct desk_duty_item *first; /* owned */
    size_t count;
    struct desk_duty_entry *by_case; /* the same */
    struct json_reader *reader;
    struct arena arena; /* one order */
    struct error error;
};

/* False when the brokers do not answer, or a record is no order. */
bool desk_duties_read(struct desk_duties *duties, const struct kafka_settings *settings,
                      struct error *error);
void desk_duties_fini(struct desk_duties *duties);
/* NULL = nothing is or was asked of it. */
struct desk_duty_item *desk_duties_find(const struct desk_duties *duties, const char *case_id);
/* The order as a tree; lives until the next call. */
const struct json_value *desk_duties_view(struct desk_duties *duties,
                                          const struct desk_duty_item *item);
/* One record of the topic; for tests as well. */
bool desk_duties_take(struct desk_duties *duties, struct span key, struct span value);
void desk_duties_init(struct desk_duties *duties);
