DROP TABLE alert_deliveries;
DROP TABLE budget_alerts;
ALTER TABLE settings DROP COLUMN secrets;
