-- name: note
-- For the gateways, and for the audit log.
WITH told AS (
    INSERT INTO outbox (kind, object_id)
    SELECT object.kind, object.id FROM unnest(%(kinds)s::text[], %(ids)s::text[]) AS object (kind, id)
    RETURNING id
), recorded AS (
    INSERT INTO audit_log (actor, actor_role, actor_key_hash, action, resource, resource_id, before, after,
                           ip, route, changed_by, team_id, key_hash, organizations)
    SELECT %(actor)s::text, %(actor_role)s::text, %(actor_key_hash)s::text, one.action, one.resource,
           one.resource_id, one.before, one.after, %(ip)s::text, %(route)s::text, %(changed_by)s::text,
           one.team_id, one.key_hash,
           ARRAY(SELECT organization_id FROM teams WHERE team_id = one.team_id AND organization_id IS NOT NULL
                 UNION SELECT one.organization_id WHERE one.organization_id IS NOT NULL
                 UNION SELECT organization_id FROM organization_members
                 WHERE user_id = one.user_id AND one.resource = 'user')
    FROM jsonb_to_recordset(%(records)s) AS one (
        action text, resource text, resource_id text, before jsonb, after jsonb,
        user_id text, team_id text, organization_id text, key_hash text)
)
SELECT id, pg_notify('tianji_outbox', '') AS told FROM told;

-- name: keep_deleted
INSERT INTO deleted_objects (kind, object_id, object, deleted_by)
SELECT %(kind)s, key, value, %(by)s FROM jsonb_each(%(objects)s);

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

-- name: promise_alone
SELECT pg_advisory_xact_lock(hashtextextended('promise:' || %(owner)s, 0));

-- part: promised_in_all
-- What the others may use together: in all, and of each model.
of_models AS (
    SELECT said.key AS model, kind.name AS kind, said.value AS most
    FROM others, (VALUES ('rpm'), ('tpm')) AS kind (name),
         LATERAL jsonb_each_text(CASE jsonb_typeof(metadata -> ('model_' || kind.name || '_limit'))
             WHEN 'object' THEN metadata -> ('model_' || kind.name || '_limit') ELSE '{}' END) AS said
    WHERE said.value ~ '^[0-9]{1,15}$')
SELECT '' AS model, coalesce(sum(rpm_limit), 0)::bigint AS rpm, coalesce(sum(tpm_limit), 0)::bigint AS tpm
FROM others
UNION ALL
SELECT model, coalesce(sum(most::bigint) FILTER (WHERE kind = 'rpm'), 0)::bigint,
       coalesce(sum(most::bigint) FILTER (WHERE kind = 'tpm'), 0)::bigint
FROM of_models GROUP BY model;

-- name: promised_to_keys
WITH others AS (
    SELECT rpm_limit, tpm_limit, metadata FROM keys
    WHERE hash <> %(but)s AND NOT extra ? 'successor' AND (%(team_id)s::text IS NULL OR team_id = %(team_id)s)
      AND (%(organization_id)s::text IS NULL OR organization_id = %(organization_id)s)
), <<promised_in_all>>;

-- name: promised_to_teams
WITH others AS (
    SELECT rpm_limit, tpm_limit, metadata FROM teams
    WHERE team_id <> %(but)s AND organization_id = %(organization_id)s
), <<promised_in_all>>;
