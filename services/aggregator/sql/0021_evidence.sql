-- SPDX-License-Identifier: Apache-2.0
-- Which findings a case is evidence of (docs/decisions/0347).
CREATE INDEX firing_evidence ON core.firing USING gin ((data::jsonb -> 'evidence'));
