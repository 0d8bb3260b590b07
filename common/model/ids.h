/* SPDX-License-Identifier: Apache-2.0 */
/* Identity is a function of content (contracts §2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/span.h"
#include "base/strbuf.h"

/* As many as a mapping has columns, the two of `identity: row`, and an observation's day. */
#define IDS_MOST_IDENTITY 259
/* Event of an item: namespace, the source's own number, stage, then the identity values, at most
 * IDS_MOST_IDENTITY of them (asserted: leaving one out would make one event of two). */
void ids_event(char id[DIGEST_ID_LEN + 1], struct span namespace_, struct span number,
               struct span stage, const struct span *identity, size_t identity_count);
/* Decision: its cause's id + question ("lead", "co:<unit>", "timer:<name>:<due>", "recall",
 * "via:<child>"). */
void ids_decision(char id[DIGEST_ID_LEN + 1], struct span cause_id, struct span question);

/* Firing of a trigger: the group as its key has it, the start that names the window. */
void ids_firing(char id[DIGEST_ID_LEN + 1], struct span trigger, struct span group,
                int64_t start_ms);

/* A ledger's page: the place of the first record it counts. */
void ids_ledger(char id[DIGEST_ID_LEN + 1], struct span topic, int32_t partition,
                int64_t first_offset);
/* Of a station's refused rows, counted from there on. */
void ids_refused(char id[DIGEST_ID_LEN + 1], struct span topic, int32_t partition,
                 int64_t first_offset, struct span station);

#define REVISION_LEN (20 + 1 + 15 + 1 + 6 + 1 + 16)
/* source part (20 digits; `source` is digits, or absent for 20 zeros) . received ms . mapping
 * version . data hash. Compared as text, the greater wins. False when `source` has a non-digit or
 * is too long. */
bool ids_revision(char revision[REVISION_LEN + 1], struct span source, int64_t received_ms,
                  int64_t mapping_version, struct span data_json);
