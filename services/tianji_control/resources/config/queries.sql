-- name: lock
SELECT pg_advisory_xact_lock(%(lock)s);

-- name: settings_for_update
SELECT router, calls, general, master_key_hash, environment, secrets FROM settings WHERE id = %(id)s FOR UPDATE;

-- name: save_settings
INSERT INTO settings (id, router, calls, general, master_key_hash, environment, secrets)
VALUES (%(id)s, %(router)s, %(calls)s, %(general)s, %(master_key_hash)s, %(environment)s, %(secrets)s)
ON CONFLICT (id) DO UPDATE
SET router = excluded.router, calls = excluded.calls, general = excluded.general,
    master_key_hash = excluded.master_key_hash, environment = excluded.environment,
    secrets = excluded.secrets, updated_at = now();
