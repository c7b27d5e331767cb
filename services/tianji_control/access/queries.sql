-- name: caller_by_hash
SELECT k.hash, k.extra->>'successor' AS successor, k.user_id, k.team_id, k.blocked, k.expires, u.role, coalesce(u.blocked, false) AS user_blocked,
       k.allowed_routes, k.models, coalesce(t.models, '{}') AS team_models,
       coalesce(t.blocked, false) AS team_blocked, k.allowed_ips,
       EXISTS (SELECT FROM projects p WHERE p.project_id = k.project_id AND p.blocked) AS project_blocked,
       EXISTS (SELECT FROM organizations o
               WHERE o.organization_id IN (k.organization_id, t.organization_id) AND o.blocked)
           AS organization_blocked,
       (SELECT coalesce(jsonb_object_agg(m.team_id, m.role), '{}')
        FROM team_members m WHERE m.user_id = k.user_id) AS teams,
       (SELECT coalesce(jsonb_object_agg(m.team_id, mt.extra -> 'team_member_permissions'), '{}')
        FROM team_members m JOIN teams mt ON mt.team_id = m.team_id
        WHERE m.user_id = k.user_id
          AND jsonb_typeof(mt.extra -> 'team_member_permissions') = 'array') AS team_permissions,
       (SELECT coalesce(jsonb_object_agg(m.organization_id, m.role), '{}')
        FROM organization_members m WHERE m.user_id = k.user_id) AS organizations
FROM keys k
LEFT JOIN users u ON u.user_id = k.user_id
LEFT JOIN teams t ON t.team_id = k.team_id
WHERE k.hash = %(hash)s;

-- name: caller_of_user
SELECT '' AS hash, NULL AS successor, u.user_id, NULL AS team_id, false AS blocked, NULL::timestamptz AS expires, u.role,
       u.blocked AS user_blocked, '{}'::text[] AS allowed_routes, '{}'::text[] AS models,
       '{}'::text[] AS team_models, false AS team_blocked, '{}'::text[] AS allowed_ips,
       false AS project_blocked, false AS organization_blocked,
       (SELECT coalesce(jsonb_object_agg(m.team_id, m.role), '{}')
        FROM team_members m WHERE m.user_id = u.user_id) AS teams,
       '{}'::jsonb AS team_permissions,
       (SELECT coalesce(jsonb_object_agg(m.organization_id, m.role), '{}')
        FROM organization_members m WHERE m.user_id = u.user_id) AS organizations
FROM users u WHERE u.user_id = %(user_id)s;

-- name: organizations_of_key
SELECT DISTINCT organization_id
FROM (SELECT organization_id FROM teams WHERE team_id = %(team_id)s
      UNION SELECT %(organization_id)s::text) places
WHERE organization_id IS NOT NULL;

-- name: organizations_of_users
SELECT user_id, organization_id FROM organization_members WHERE user_id = ANY(%(user_ids)s);

-- name: powers_of_user
SELECT m.team_id, t.organization_id
FROM team_members m JOIN teams t ON t.team_id = m.team_id
WHERE m.user_id = %(user_id)s AND m.role = 'admin'
UNION ALL
SELECT NULL, organization_id FROM organization_members
WHERE user_id = %(user_id)s AND role NOT IN ('org_member', 'internal_user');

-- name: door
SELECT general ->> 'litellm_key_header_name' AS key_header, general -> 'allowed_ips' AS allowed_ips,
       coalesce((general -> 'use_x_forwarded_for')::text = 'true', false) AS use_x_forwarded_for
FROM settings_in_force WHERE id = 'global';
