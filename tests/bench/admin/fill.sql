-- The rows of a large installation; %(keys)s and %(teams)s say how large.

-- name: organizations
INSERT INTO organizations (organization_id, alias, created_at)
SELECT 'org-' || n, 'Organization ' || n, now() - n * interval '1 minute'
FROM generate_series(0, %(teams)s / 10 - 1) n;

-- name: users
INSERT INTO users (user_id, alias, email, created_at)
SELECT 'user-' || n, 'Person ' || n, 'person' || n || '@example.org', now() - n * interval '1 minute'
FROM generate_series(0, %(teams)s * 2 - 1) n;

-- name: organization_members
INSERT INTO organization_members (organization_id, user_id, role)
SELECT 'org-' || n %% (%(teams)s / 10), 'user-' || n, CASE WHEN n %% 20 = 0 THEN 'org_admin' ELSE 'org_member' END
FROM generate_series(0, %(teams)s * 2 - 1) n;

-- name: teams
INSERT INTO teams (team_id, alias, organization_id, models, created_at)
SELECT 'team-' || n, 'Team ' || n, CASE WHEN n %% 5 > 0 THEN 'org-' || n %% (%(teams)s / 10) END,
       ARRAY['m', 'gpt-*'], now() - n * interval '1 minute'
FROM generate_series(0, %(teams)s - 1) n;

-- name: team_members
INSERT INTO team_members (team_id, user_id, role)
SELECT 'team-' || n %% %(teams)s, 'user-' || n %% (%(teams)s * 2), CASE WHEN n < %(teams)s THEN 'admin' ELSE 'user' END
FROM generate_series(0, %(teams)s * 4 - 1) n
ON CONFLICT DO NOTHING;

-- name: budgets
INSERT INTO budgets (budget_id, max_budget, created_at)
SELECT 'budget-' || n, 100, now() - n * interval '1 minute' FROM generate_series(0, 999) n;

-- name: keys
INSERT INTO keys (hash, name, alias, user_id, team_id, organization_id, models, metadata, blocked, expires,
                  max_budget, created_at, created_by)
SELECT encode(sha256(convert_to('sk-admin-' || n, 'UTF8')), 'hex'), 'sk-...' || lpad((n %% 10000)::text, 4, '0'),
       'service-' || n, 'user-' || n %% (%(teams)s * 2), CASE WHEN n %% 10 > 0 THEN 'team-' || n %% %(teams)s END,
       NULL, ARRAY['m'], jsonb_build_object('cost_center', 'cc-' || n %% 1000, 'tags', ARRAY['tag-' || n %% 100]),
       n %% 100 = 7, CASE WHEN n %% 50 = 3 THEN now() + (n - %(keys)s / 2) * interval '1 second' END,
       n %% 500, now() - n * interval '1 second', 'default_user_id'
FROM generate_series(0, %(keys)s - 1) n;

-- name: customers
INSERT INTO customers (user_id, alias, budget_id, created_at)
SELECT 'customer-' || n, 'Customer ' || n, CASE WHEN n %% 10 = 0 THEN 'budget-' || n %% 1000 END,
       now() - n * interval '1 minute'
FROM generate_series(0, %(keys)s / 10 - 1) n;

-- name: tags
INSERT INTO tags (name, description, models) SELECT 'tag-' || n, 'Tag ' || n, '{}' FROM generate_series(0, 999) n;

-- name: audit
INSERT INTO audit_log (at, actor, actor_role, action, resource, resource_id, after, organizations, team_id, key_hash)
SELECT now() - n * interval '1 second', 'user-' || n %% 100, 'proxy_admin',
       (ARRAY['key:generate', 'key:update', 'team:update'])[n %% 3 + 1], (ARRAY['key', 'key', 'team'])[n %% 3 + 1],
       'object-' || n, jsonb_build_object('alias', 'service-' || n), ARRAY['org-' || n %% (%(teams)s / 10)],
       'team-' || n %% %(teams)s, encode(sha256(convert_to('sk-admin-' || n, 'UTF8')), 'hex')
FROM generate_series(%(keys)s / 2 - 1, 0, -1) n;

-- name: deleted
INSERT INTO deleted_objects (kind, object_id, object, deleted_at, deleted_by)
SELECT 'key', 'deleted-' || n,
       jsonb_build_object('hash', 'deleted-' || n, 'team_id', 'team-' || n %% %(teams)s, 'user_id', 'user-' || n %% 1000),
       now() - n * interval '1 second', 'default_user_id'
FROM generate_series(0, %(keys)s / 10 - 1) n;

-- name: totals
INSERT INTO spend_totals (scope, scope_id, spend_usd, requests)
SELECT 'key', hash, 1.5, 10 FROM keys
UNION ALL SELECT 'team', team_id, 150, 1000 FROM teams
UNION ALL SELECT 'user', user_id, 75, 500 FROM users
UNION ALL SELECT 'organization', organization_id, 1500, 9000 FROM organizations
UNION ALL SELECT 'end_user', user_id, 2, 20 FROM customers
UNION ALL SELECT 'tag', name, 2, 20 FROM tags
UNION ALL SELECT 'total', '', 1000000, 10000000;

-- name: logs
INSERT INTO spend_logs (day, id, gateway_id, snapshot, status, http_status, started_at, ended_at, route, call_type,
                        stream, client_gone, attempts, response_id, model, model_group, deployment_id, provider,
                        upstream_model, api_base, key_hash, user_id, team_id, end_user, tags, metadata, input_tokens,
                        output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, reasoning_tokens,
                        input_audio_tokens, output_audio_tokens, accepted_prediction_tokens,
                        rejected_prediction_tokens, web_searches, usage_estimated, usage_extra, cost_usd, cost_parts,
                        price_version, priced)
SELECT current_date, gen_random_uuid(), 'g0', 1, 'success', 200, current_date + n * interval '0.1 second',
       current_date + n * interval '0.1 second', '/v1/chat/completions', 'chat', false, false, 1, 'response-' || n,
       'm', 'm', 'd', 'openai', 'gpt-4o-mini', '', encode(sha256(convert_to('sk-admin-' || n, 'UTF8')), 'hex'),
       'user-' || n %% 1000, 'team-' || n %% %(teams)s, 'customer-' || n %% 1000, ARRAY['tag-' || n %% 100], '{}',
       10, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, false, '{}', 0.0001, '{}', '1', true
FROM generate_series(0, %(keys)s / 2 - 1) n;

-- name: days
INSERT INTO spend_daily (day, scope, scope_id, model, provider, spend_usd, requests)
SELECT current_date - d, 'team', 'team-' || n, 'm', 'openai', 1, 100
FROM generate_series(0, %(teams)s - 1) n, generate_series(0, 9) d;
