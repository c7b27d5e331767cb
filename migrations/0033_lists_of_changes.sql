-- The same for the audit log, customers, and the keys of one team or user; and how many keys are not in use,
-- from indexes alone.

DROP INDEX keys_by_expiry;
CREATE INDEX keys_by_expiry ON keys (expires, hash) INCLUDE (blocked) WHERE expires IS NOT NULL;

DROP INDEX keys_by_team;
CREATE INDEX keys_by_team ON keys (team_id, created_at, hash) WHERE team_id IS NOT NULL;
DROP INDEX keys_by_user;
CREATE INDEX keys_by_user ON keys (user_id, created_at, hash) WHERE user_id IS NOT NULL;

CREATE INDEX customers_by_age ON customers (created_at DESC, user_id);

DO $$
BEGIN
    CREATE INDEX customers_by_text ON customers USING gin (user_id gin_trgm_ops, alias gin_trgm_ops);
EXCEPTION WHEN undefined_object THEN
    RAISE NOTICE 'no index for searches in names: %', SQLERRM;
END $$;

INSERT INTO row_counts SELECT 'audit', count(*) FROM audit_log;

CREATE FUNCTION add_up_rows() RETURNS void LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM row_counts WHERE ctid = ANY(ARRAY(SELECT ctid FROM row_counts FOR UPDATE SKIP LOCKED))
        RETURNING kind, rows
    )
    INSERT INTO row_counts SELECT kind, sum(rows) FROM gone GROUP BY kind;
$$;

CREATE FUNCTION count_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO row_counts
    SELECT 'audit', CASE TG_OP WHEN 'DELETE' THEN -count(*) ELSE count(*) END FROM changed;
    IF random() < 0.01 THEN
        PERFORM add_up_rows();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER audit_written AFTER INSERT ON audit_log
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_audit();
CREATE TRIGGER audit_removed AFTER DELETE ON audit_log
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_audit();
