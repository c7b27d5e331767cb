-- Settings made by calls, one row each, beside those of the config file, which go before them.
-- Where `secret` is true, `value` holds a sealed text.

CREATE TABLE settings_fields (
    section text NOT NULL CHECK (section IN
        ('general_settings', 'litellm_settings', 'router_settings', 'environment_variables')),
    name text NOT NULL,
    value jsonb NOT NULL,
    secret boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text,
    PRIMARY KEY (section, name)
);

-- What is in force: the file's settings over those made by calls. Secrets are told to nobody but as
-- variables for providers.
CREATE VIEW settings_in_force AS
SELECT s.id,
       coalesce((SELECT jsonb_object_agg(f.name, f.value) FROM settings_fields f
                 WHERE f.section = 'router_settings' AND NOT f.secret), '{}') || s.router AS router,
       coalesce((SELECT jsonb_object_agg(f.name, f.value) FROM settings_fields f
                 WHERE f.section = 'litellm_settings' AND NOT f.secret), '{}') || s.calls AS calls,
       coalesce((SELECT jsonb_object_agg(f.name, f.value) FROM settings_fields f
                 WHERE f.section = 'general_settings' AND NOT f.secret), '{}') || s.general AS general,
       s.master_key_hash,
       coalesce((SELECT jsonb_object_agg(f.name, f.value) FROM settings_fields f
                 WHERE f.section = 'environment_variables'), '{}') || s.environment AS environment
FROM settings s;
