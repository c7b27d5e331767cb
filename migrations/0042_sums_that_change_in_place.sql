-- Sums change in place, without a new entry in any index, only where no index has a column that changes
-- with them.

ALTER TABLE spend_totals
    ADD COLUMN key_spend_usd numeric GENERATED ALWAYS AS (CASE WHEN scope = 'key' THEN spend_usd END) STORED;

DROP INDEX spend_totals_of_keys;
CREATE INDEX spend_totals_of_keys ON spend_totals (key_spend_usd, scope_id) WHERE scope = 'key';

DROP INDEX spend_windows_untold;
CREATE INDEX spend_windows_untold ON spend_windows (bound) WHERE NOT told;
