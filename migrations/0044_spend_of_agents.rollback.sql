DELETE FROM spend_totals WHERE scope = 'agent';
DELETE FROM spend_daily WHERE scope = 'agent';
ALTER TABLE spend_logs DROP COLUMN agent_id;
