-- From where a change came, and in which organization and team it was made.

ALTER TABLE audit_log
    ADD COLUMN ip text,
    ADD COLUMN route text,
    ADD COLUMN changed_by text,
    ADD COLUMN organizations text[] NOT NULL DEFAULT '{}',
    ADD COLUMN team_id text,
    ADD COLUMN key_hash text;

CREATE INDEX audit_log_by_actor ON audit_log (actor, at);
CREATE INDEX audit_log_by_action ON audit_log (action, at);
CREATE INDEX audit_log_by_organization ON audit_log USING gin (organizations);
CREATE INDEX audit_log_by_team ON audit_log (team_id, at) WHERE team_id IS NOT NULL;
