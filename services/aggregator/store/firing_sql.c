/* SPDX-License-Identifier: Apache-2.0 */
/* Of two revisions the greater holds, whichever is read first. The case it opened is of its
 * partition and was written before it in the same transaction, so that row is told of whom it
 * speaks. */
#include "aggregator/store/firing_sql.h"

const char firing_sql_upsert[] =
    "WITH found AS (INSERT INTO core.firing AS f (case_id, revision, fired_ms, trigger, data) "
    "SELECT u.case_id, u.revision, u.fired_ms, u.trigger, u.data::json FROM unnest($1::text[], "
    "$2::text[], $3::bigint[], $4::text[], $5::text[]) AS u(case_id, revision, fired_ms, trigger, "
    "data) ON CONFLICT (case_id) DO UPDATE SET revision = excluded.revision, fired_ms = "
    "excluded.fired_ms, trigger = excluded.trigger, data = excluded.data WHERE f.revision COLLATE "
    "\"C\" < excluded.revision COLLATE \"C\" RETURNING f.case_id, core.subject(f.data) AS subject) "
    "UPDATE core.case_now AS n SET subject = f.subject FROM found AS f WHERE n.case_id = f.case_id "
    "AND n.subject IS DISTINCT FROM f.subject";

const char firing_sql_types[] = "ttitt";

void firing_sql_fill(struct array_binary *arrays, const struct firing_row *row)
{
    array_binary_add(&arrays[0], row->case_id);
    array_binary_add(&arrays[1], row->revision);
    array_binary_add_int(&arrays[2], row->fired_ms);
    array_binary_add(&arrays[3], row->trigger);
    array_binary_add(&arrays[4], row->data);
}
