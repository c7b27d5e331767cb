ALTER TABLE settings DROP COLUMN environment;
