-- name: audit
INSERT INTO audit_log (actor, actor_role, actor_key_hash, action, resource, resource_id, before, after,
                       ip, route, changed_by, team_id, key_hash, organizations)
VALUES (%(actor)s, %(actor_role)s, %(actor_key_hash)s, %(action)s, %(resource)s, %(resource_id)s,
        %(before)s, %(after)s, %(ip)s, %(route)s, %(changed_by)s, %(team_id)s, %(key_hash)s,
        ARRAY(SELECT organization_id FROM teams WHERE team_id = %(team_id)s AND organization_id IS NOT NULL
              UNION SELECT %(organization_id)s::text WHERE %(organization_id)s::text IS NOT NULL
              UNION SELECT organization_id FROM organization_members
              WHERE user_id = %(user_id)s AND %(resource)s = 'user'));

-- name: keep_deleted
INSERT INTO deleted_objects (kind, object_id, object, deleted_by)
VALUES (%(kind)s, %(id)s, %(object)s, %(by)s);

-- name: claim_answer
SELECT pg_try_advisory_xact_lock(%(half)s::int, %(other)s::int);

-- name: kept_answer
SELECT fingerprint, status, answer FROM kept_answers
WHERE id = %(id)s AND kept_at > now() - %(kept_for)s::interval;

-- name: keep_answer
INSERT INTO kept_answers (id, fingerprint, status, answer)
VALUES (%(id)s, %(fingerprint)s, %(status)s, %(answer)s)
ON CONFLICT (id) DO UPDATE
SET fingerprint = excluded.fingerprint, status = excluded.status, answer = excluded.answer,
    kept_at = excluded.kept_at;

-- name: purge_answers
DELETE FROM kept_answers WHERE kept_at <= now() - %(kept_for)s::interval;

-- name: row_count
SELECT coalesce(sum(rows), 0)::bigint FROM row_counts WHERE kind = %(kind)s;
