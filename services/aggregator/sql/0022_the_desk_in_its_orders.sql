-- SPDX-License-Identifier: Apache-2.0
-- The desk's queue in the two orders it is asked for (store/desk_ask.c), by the very words of the question: an index of other
-- words sorts nothing. The first answers the count by cause too, without a look at the table.
CREATE INDEX case_now_desk ON core.case_now (coalesce(opened_ms, 0), case_id) INCLUDE (desk_cause)
WHERE desk_cause IS NOT NULL AND live;
CREATE INDEX case_now_desk_due ON core.case_now (coalesce(due_ms, 253402300800000), case_id) INCLUDE (desk_cause)
WHERE desk_cause IS NOT NULL AND live;
DROP INDEX core.case_now_waiting;
