DROP FUNCTION granted_models;
DROP INDEX keys_by_access_group;
DROP INDEX teams_by_access_group;
DROP TABLE unified_access_groups;
DROP TABLE price_schedules;
DROP TABLE price_tables;
