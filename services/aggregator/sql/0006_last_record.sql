-- SPDX-License-Identifier: Apache-2.0
-- The last record before the position: a log that has another one there is another log.
ALTER TABLE core.kafka_offset
    ADD COLUMN last_offset bigint NOT NULL DEFAULT -1,
    ADD COLUMN last_mark text NOT NULL DEFAULT ''; -- time written, hash of the key, length
