/* SPDX-License-Identifier: Apache-2.0 */
/* The most urgent first, wherever cases are listed (docs/decisions/0379): emergencies before all
 * others, who has no limit among them as if it were a day behind its opening; then by limit, what
 * has none last. The words of the indexes, which are of no use to others (sql/0027). */
#pragma once

#define URGENCY_NEVER     "253402300800000"
#define URGENCY_EMERGENCY "n.desk_cause = 'emergency' AND n.live"
#define URGENCY                                                                                    \
    "(CASE WHEN " URGENCY_EMERGENCY                                                                \
    " THEN coalesce(n.due_ms, n.opened_ms + 86400000, " URGENCY_NEVER                              \
    ") ELSE coalesce(n.due_ms, " URGENCY_NEVER ") + " URGENCY_NEVER " END)"
