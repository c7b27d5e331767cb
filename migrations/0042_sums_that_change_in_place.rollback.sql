DROP INDEX spend_windows_untold;
CREATE INDEX spend_windows_untold ON spend_windows (updated_at) WHERE NOT told;

DROP INDEX spend_totals_of_keys;
CREATE INDEX spend_totals_of_keys ON spend_totals (spend_usd, scope_id) WHERE scope = 'key';

ALTER TABLE spend_totals DROP COLUMN key_spend_usd;
