DROP TABLE unified_access_groups;
DROP TABLE price_schedules;
DROP TABLE price_tables;
