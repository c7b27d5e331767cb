DROP VIEW settings_in_force;
DROP TABLE settings_fields;
