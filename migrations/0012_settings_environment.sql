-- What `environment_variables` of the config file gives to providers, each value sealed.

ALTER TABLE settings ADD COLUMN environment jsonb NOT NULL DEFAULT '{}';
