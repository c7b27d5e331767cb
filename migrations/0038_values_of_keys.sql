-- The values that keys with more than one have had, by their hashes. What limits and budgets count goes by the
-- first of them, the key's origin, so that nothing has to follow when a key gets a new value. A key that has had
-- one value only is not here: its origin is its hash.

CREATE TABLE key_values (
    hash text PRIMARY KEY,
    origin text NOT NULL
);

CREATE INDEX key_values_by_origin ON key_values (origin);

-- What the counters of a key go by.
CREATE FUNCTION origin_of_key(hash text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT origin FROM key_values AS own WHERE own.hash = $1), $1)
$$;

-- All values that a key has had: its spend is theirs.
CREATE FUNCTION values_of_key(hash text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT $1
    UNION SELECT also.hash FROM key_values AS own JOIN key_values AS also USING (origin) WHERE own.hash = $1
$$;

-- Note that a key gets a new value; false where the value is, or was, another key's.
CREATE FUNCTION give_value_to_key(hash text, new_hash text) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    WITH noted AS (
        INSERT INTO key_values AS stored (hash, origin)
        SELECT DISTINCT given.hash, origin_of_key($1) FROM unnest(ARRAY[$1, $2]) AS given (hash)
        ON CONFLICT (hash) DO UPDATE SET origin = stored.origin WHERE stored.origin = excluded.origin
        RETURNING stored.hash
    )
    SELECT count(*) = 2 FROM noted
$$;
