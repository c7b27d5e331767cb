-- What was deleted and the ledger may still name: the whole row, as it last was.

CREATE TABLE deleted_objects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    object_id text NOT NULL,
    object jsonb NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now(),
    deleted_by text NOT NULL
);

CREATE INDEX deleted_objects_by_time ON deleted_objects (kind, deleted_at DESC);
CREATE INDEX deleted_objects_by_object ON deleted_objects (kind, object_id);
