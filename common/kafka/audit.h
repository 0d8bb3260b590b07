/* SPDX-License-Identifier: Apache-2.0 */
/* Who did what, and why, on the topic `audit`: written before it is done, so that nothing is done
 * that is not there. Blocks, for the command line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "kafka/client.h"

struct audit_argument {
    const char *name;
    struct span value; /* absent = left out */
};

struct audit_entry {
    struct span who, reason;
    const char *verb;     /* "desk decide" */
    struct span outcome;  /* "intended", then what became of it where that is not what was meant */
    struct span event_id; /* of the event that follows from it; absent = none */
    const struct audit_argument *arguments;
    size_t argument_count;
};

/* The record's value, for who writes it with a producer of his own. */
void audit_format(struct strbuf *out, const struct audit_entry *entry, int64_t at_ms);
/* True once the brokers have it with acks=all. */
bool audit_write(const struct kafka_settings *settings, const struct audit_entry *entry,
                 struct error *error);
