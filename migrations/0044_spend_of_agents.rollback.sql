DROP INDEX spend_logs_by_tag;
DROP INDEX spend_logs_by_organization;
DROP INDEX spend_logs_by_upstream_model;
DROP INDEX spend_logs_by_model;
DROP INDEX spend_logs_by_error;
DROP INDEX spend_logs_by_failure;
DELETE FROM spend_totals WHERE scope = 'agent';
DELETE FROM spend_daily WHERE scope = 'agent';
ALTER TABLE spend_logs DROP COLUMN agent_id;
