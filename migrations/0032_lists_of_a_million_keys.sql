-- What lists of keys need to stay quick: an index for each order and filter, and how many there are.

CREATE INDEX keys_by_change ON keys (updated_at, hash);
CREATE INDEX keys_by_expiry ON keys (expires, hash) WHERE expires IS NOT NULL;
CREATE INDEX keys_by_max_budget ON keys (max_budget, hash) WHERE max_budget IS NOT NULL;
CREATE INDEX keys_by_adjustment ON keys (hash) WHERE spend_adjustment <> 0;
CREATE INDEX keys_blocked ON keys (created_at, hash) WHERE blocked;
CREATE INDEX keys_by_maker ON keys (created_by, created_at) WHERE created_by IS NOT NULL;
CREATE INDEX keys_by_agent ON keys (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX spend_totals_of_keys ON spend_totals (spend_usd, scope_id) WHERE scope = 'key';

-- Who searches for a part of a name needs trigrams. Where the server does not have the extension, or
-- its owner does not let us have it, searches work all the same, and read every row.

DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX keys_by_text ON keys USING gin (alias gin_trgm_ops, name gin_trgm_ops, user_id gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'no index for searches in names: %', SQLERRM;
END $$;

-- How many keys there are, and how many have an alias: the sum of what transactions have added and taken
-- away. Each adds a row and locks none of another's; now and then one adds up what is there.

CREATE TABLE row_counts (
    kind text NOT NULL,
    rows bigint NOT NULL
);

INSERT INTO row_counts SELECT 'key', count(*) FROM keys UNION ALL SELECT 'key_alias', count(alias) FROM keys;

CREATE FUNCTION count_keys() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign integer := CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END;
BEGIN
    INSERT INTO row_counts
    SELECT counted.kind, sign * counted.rows
    FROM (SELECT count(*) AS keys, count(alias) AS aliases FROM changed) c,
         LATERAL (VALUES ('key', c.keys), ('key_alias', c.aliases)) AS counted (kind, rows)
    WHERE counted.rows <> 0;
    IF random() < 0.01 THEN
        WITH gone AS (
            DELETE FROM row_counts WHERE ctid = ANY(ARRAY(SELECT ctid FROM row_counts FOR UPDATE SKIP LOCKED))
            RETURNING kind, rows
        )
        INSERT INTO row_counts SELECT kind, sum(rows) FROM gone GROUP BY kind;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION count_key_alias() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO row_counts VALUES ('key_alias', CASE WHEN NEW.alias IS NULL THEN -1 ELSE 1 END);
    RETURN NULL;
END $$;

CREATE TRIGGER keys_made AFTER INSERT ON keys
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_keys();
CREATE TRIGGER keys_removed AFTER DELETE ON keys
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_keys();
CREATE TRIGGER keys_renamed AFTER UPDATE OF alias ON keys
    FOR EACH ROW WHEN ((OLD.alias IS NULL) <> (NEW.alias IS NULL)) EXECUTE FUNCTION count_key_alias();
