-- name: table
SELECT version, source, models, packed, loaded_at, loaded_by FROM price_tables WHERE id = 'global';

-- name: table_about
SELECT version, source, models, ''::bytea AS packed, loaded_at, loaded_by FROM price_tables WHERE id = 'global';

-- name: save_table
INSERT INTO price_tables (id, version, source, models, packed, loaded_by)
VALUES ('global', %(version)s, %(source)s, %(models)s, %(packed)s, %(loaded_by)s)
ON CONFLICT (id) DO UPDATE
SET version = excluded.version, source = excluded.source, models = excluded.models, packed = excluded.packed,
    loaded_by = excluded.loaded_by, loaded_at = now();

-- name: schedule
SELECT interval_hours, last_run FROM price_schedules WHERE id = 'global';

-- name: save_schedule
INSERT INTO price_schedules (id, interval_hours) VALUES ('global', %(interval_hours)s)
ON CONFLICT (id) DO UPDATE SET interval_hours = excluded.interval_hours;

-- name: delete_schedule
DELETE FROM price_schedules WHERE id = 'global';

-- name: take_turn
UPDATE price_schedules SET last_run = now()
WHERE id = 'global' AND (last_run IS NULL OR last_run + make_interval(hours => interval_hours) <= now());

-- name: ran
UPDATE price_schedules SET last_run = now() WHERE id = 'global';
