-- Who changed what. `before` and `after` hold no secret.

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    actor_role text NOT NULL,
    actor_key_hash text,
    action text NOT NULL,
    resource text NOT NULL,
    resource_id text NOT NULL,
    before jsonb,
    after jsonb
);

CREATE INDEX audit_log_by_time ON audit_log (at);
CREATE INDEX audit_log_by_resource ON audit_log (resource, resource_id, at);
