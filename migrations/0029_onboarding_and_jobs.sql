-- Links by which new users set their password, and what is kept of it.

CREATE TABLE invitations (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
    is_accepted boolean NOT NULL DEFAULT false,
    accepted_at timestamptz,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text NOT NULL
);

CREATE INDEX invitations_by_user ON invitations (user_id);

CREATE TABLE passwords (
    user_id text PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    hash text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- When the worker's jobs ran last: whichever worker comes first when one is due runs it.

CREATE TABLE jobs (
    name text PRIMARY KEY,
    ran_at timestamptz NOT NULL,
    done bigint NOT NULL,
    took_ms bigint NOT NULL
);
