-- part: sums
sum(spend_usd) AS spend_usd,
       sum(requests)::bigint AS requests,
       sum(successful_requests)::bigint AS successful_requests,
       sum(failed_requests)::bigint AS failed_requests,
       sum(input_tokens)::bigint AS input_tokens,
       sum(output_tokens)::bigint AS output_tokens,
       sum(cache_read_tokens)::bigint AS cache_read_tokens,
       sum(cache_write_tokens)::bigint AS cache_write_tokens,
       sum(duration_ms)::bigint AS duration_ms

-- part: metrics
spend_usd, requests, successful_requests,
       failed_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_ms

-- part: named
(%(ids)s::text[] IS NULL OR scope_id = ANY(%(ids)s))
  AND (%(without)s::text[] IS NULL OR scope_id <> ALL(%(without)s))
  AND (%(keys)s::text[] IS NULL OR key_hash = ANY(%(keys)s))
  AND (%(model)s::text IS NULL OR model = %(model)s OR upstream_model = %(model)s)

-- part: owned
(%(keys)s::text[] IS NULL OR key_hash = ANY(%(keys)s))
  AND (%(scope)s <> 'team' OR (team_id <> '' AND (%(ids)s::text[] IS NULL OR team_id = ANY(%(ids)s))
       AND (%(without)s::text[] IS NULL OR team_id <> ALL(%(without)s))))
  AND (%(scope)s <> 'organization' OR (organization_id <> ''
       AND (%(ids)s::text[] IS NULL OR organization_id = ANY(%(ids)s))
       AND (%(without)s::text[] IS NULL OR organization_id <> ALL(%(without)s))))
  AND (%(scope)s <> 'user' OR %(ids)s::text[] IS NULL OR user_id = ANY(%(ids)s))
  AND (%(model)s::text IS NULL OR model = %(model)s OR upstream_model = %(model)s)

-- part: owner
CASE %(scope)s WHEN 'team' THEN team_id WHEN 'organization' THEN organization_id ELSE user_id END

-- part: in_scope
scope = %(scope)s AND day BETWEEN %(since)s AND %(until)s
  AND <<named>>

-- part: dearest
GROUP BY key_hash
ORDER BY sum(spend_usd) DESC, key_hash
LIMIT %(limit)s OFFSET %(offset)s

-- part: most_failed
sum(requests)::bigint AS requests, sum(failed_requests)::bigint AS failed_requests

-- part: of_model
(%(group)s::text IS NULL OR model = %(group)s)
  AND (%(upstream)s::text IS NULL OR coalesce(nullif(upstream_model, ''), model) = %(upstream)s)

-- part: seen
(%(sees_all)s OR key_hash = %(own_key)s OR user_id = %(own_user)s OR team_id = ANY(%(own_teams)s)
       OR organization_id = ANY(%(own_organizations)s))

-- name: organization_teams
SELECT team_id AS id FROM teams WHERE organization_id = ANY(%(organizations)s) ORDER BY team_id;

-- name: days
-- Sums by day over all that is asked for: they say which days there are, and how much in all.
SELECT day,
       <<sums>>
FROM spend_daily
WHERE <<in_scope>>
GROUP BY day
ORDER BY day DESC;

-- name: parts
-- The same by day and model, group, provider or kind of call, each apart.
SELECT day,
       CASE WHEN grouping(upstream) = 0 THEN 'models'
            WHEN grouping(model) = 0 THEN 'model_groups'
            WHEN grouping(provider) = 0 THEN 'providers'
            ELSE 'endpoints' END AS kind,
       coalesce(upstream, model, provider, call_type) AS name,
       <<sums>>
FROM (
    SELECT day, model, coalesce(nullif(upstream_model, ''), model) AS upstream, provider, call_type, <<metrics>>
    FROM spend_daily
    WHERE <<in_scope>>
) AS part
GROUP BY GROUPING SETS ((day, upstream), (day, model), (day, provider), (day, call_type))
ORDER BY day DESC, kind, name;

-- name: entities
-- The same by day and entity.
SELECT day, 'entities' AS kind, scope_id AS name,
       <<sums>>
FROM spend_daily
WHERE <<in_scope>>
GROUP BY day, scope_id
ORDER BY day DESC, scope_id;

-- name: cells
-- Sums by day, entity, key and all else, of customers or tags.
SELECT day, scope_id, key_hash, model, upstream_model, provider, call_type, <<metrics>>
FROM spend_daily
WHERE <<in_scope>>
ORDER BY day DESC, scope_id, key_hash;

-- name: owned_cells
-- The same of users, teams and organizations.
SELECT day,
       <<owner>> AS scope_id,
       key_hash, model, upstream_model, provider, call_type, <<metrics>>
FROM spend_cells
WHERE day BETWEEN %(since)s AND %(until)s
  AND <<owned>>
ORDER BY day DESC, scope_id, key_hash;

-- name: keys
-- Sums by key over all days, of customers or tags: the dearest first.
SELECT key_hash,
       <<sums>>,
       count(*) OVER () AS total
FROM spend_daily
WHERE <<in_scope>>
  AND <<of_model>>
<<dearest>>;

-- name: owned_keys
-- The same of users, teams and organizations.
SELECT key_hash,
       <<sums>>,
       count(*) OVER () AS total
FROM spend_cells
WHERE day BETWEEN %(since)s AND %(until)s
  AND <<owned>>
  AND <<of_model>>
<<dearest>>;

-- name: users
-- Sums by user over all days: the dearest first.
SELECT user_id,
       <<sums>>,
       count(*) OVER () AS total
FROM spend_cells
WHERE day BETWEEN %(since)s AND %(until)s
  AND (%(ids)s::text[] IS NULL OR user_id = ANY(%(ids)s))
  AND (%(keys)s::text[] IS NULL OR key_hash = ANY(%(keys)s))
  AND (%(model)s::text IS NULL OR model = %(model)s OR upstream_model = %(model)s)
GROUP BY user_id
ORDER BY sum(spend_usd) DESC, user_id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: keys_like
-- Keys whose hash or alias has a text in it.
SELECT hash AS id FROM keys
WHERE alias ILIKE %(search_part)s OR starts_with(hash, %(search)s)
ORDER BY hash
LIMIT %(limit)s;

-- name: key_facts
-- Whose keys are, also those that are gone.
SELECT key.hash, key.name, key.alias, key.user_id, key.team_id, person.email, true AS there
FROM keys AS key
LEFT JOIN users AS person ON person.user_id = key.user_id
WHERE key.hash = ANY(%(hashes)s)
UNION ALL
SELECT DISTINCT ON (gone.object_id)
       gone.object_id, gone.object ->> 'name', gone.object ->> 'alias', gone.object ->> 'user_id', gone.object ->> 'team_id', NULL, false
FROM deleted_objects AS gone
WHERE gone.kind = 'key' AND gone.object_id = ANY(%(hashes)s)
  AND NOT EXISTS (SELECT FROM keys WHERE hash = gone.object_id);

-- name: names
-- What entities are called.
SELECT team_id AS id, alias, NULL AS email FROM teams WHERE %(scope)s = 'team' AND team_id = ANY(%(ids)s)
UNION ALL
SELECT organization_id, alias, NULL FROM organizations
WHERE %(scope)s = 'organization' AND organization_id = ANY(%(ids)s)
UNION ALL
SELECT user_id, alias, email FROM users WHERE %(scope)s = 'user' AND user_id = ANY(%(ids)s)
UNION ALL
SELECT user_id, alias, NULL FROM customers WHERE %(scope)s = 'end_user' AND user_id = ANY(%(ids)s);

-- name: exported
-- One day, as fine as is asked for; of users, teams and organizations.
SELECT <<owner>> AS scope_id,
       CASE WHEN %(by_key)s THEN key_hash END AS key_hash,
       CASE WHEN %(by_user)s THEN user_id END AS user_id,
       CASE WHEN %(by_model)s THEN coalesce(nullif(upstream_model, ''), model) END AS model,
       <<sums>>
FROM spend_cells
WHERE day = %(day)s
  AND <<owned>>
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;

-- name: exported_parts
-- The same of customers and tags.
SELECT scope_id,
       CASE WHEN %(by_key)s THEN key_hash END AS key_hash,
       NULL AS user_id,
       CASE WHEN %(by_model)s THEN coalesce(nullif(upstream_model, ''), model) END AS model,
       <<sums>>
FROM spend_daily
WHERE scope = %(scope)s AND day = %(day)s
  AND <<named>>
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;

-- name: activity
-- Calls by day, model group and kind, of everybody.
SELECT day, model, call_type,
       <<sums>>
FROM spend_daily
WHERE scope = 'total' AND day BETWEEN %(since)s AND %(until)s
GROUP BY day, model, call_type
ORDER BY day, model, call_type;

-- name: seen_activity
-- The same of the calls that a caller may see, or of some keys and models.
SELECT day, model, call_type,
       <<sums>>
FROM spend_cells
WHERE day BETWEEN %(since)s AND %(until)s
  AND (%(keys)s::text[] IS NULL OR key_hash = ANY(%(keys)s))
  AND (%(models)s::text[] IS NULL OR model = ANY(%(models)s) OR upstream_model = ANY(%(models)s))
  AND <<seen>>
GROUP BY day, model, call_type
ORDER BY day, model, call_type;

-- name: failures
SELECT call_type, http_status, error_type, sum(requests)::bigint AS requests
FROM spend_failures
WHERE day BETWEEN %(since)s AND %(until)s
  AND (%(keys)s::text[] IS NULL OR key_hash = ANY(%(keys)s))
  AND (%(models)s::text[] IS NULL OR model = ANY(%(models)s))
  AND <<seen>>
GROUP BY call_type, http_status, error_type
ORDER BY sum(requests) DESC, call_type, http_status, error_type;

-- name: seen_keys
-- The aliases of keys with calls in the span.
SELECT DISTINCT coalesce(key.alias, 'Unnamed Key') AS id
FROM spend_cells AS cell
LEFT JOIN keys AS key ON key.hash = cell.key_hash
WHERE day BETWEEN %(since)s AND %(until)s
  AND (%(sees_all)s OR key_hash = %(own_key)s OR cell.user_id = %(own_user)s OR cell.team_id = ANY(%(own_teams)s)
       OR cell.organization_id = ANY(%(own_organizations)s))
ORDER BY 1
LIMIT %(limit)s;

-- name: keys_by_alias
SELECT hash AS id FROM keys WHERE alias = ANY(%(aliases)s) ORDER BY hash;

-- name: rate_limited
-- Refusals for too many requests, by day and where they came from.
SELECT day, api_base, sum(requests)::bigint AS requests
FROM spend_failures
WHERE day BETWEEN %(since)s AND %(until)s AND model = %(model)s AND http_status = 429
GROUP BY day, api_base
ORDER BY day, api_base;

-- name: statuses
-- Failures by day and status.
SELECT day, http_status, sum(requests)::bigint AS requests
FROM spend_failures
WHERE day BETWEEN %(since)s AND %(until)s
GROUP BY day, http_status
ORDER BY day, http_status;

-- name: failing_keys
-- Who has most failures.
SELECT scope_id AS id, <<most_failed>>
FROM spend_days
WHERE scope = 'key' AND day BETWEEN %(since)s AND %(until)s
GROUP BY scope_id
HAVING sum(failed_requests) > 0
ORDER BY sum(failed_requests) DESC, scope_id
LIMIT %(limit)s;

-- name: failing
-- The same of users or teams.
SELECT scope_id AS id, <<most_failed>>
FROM spend_daily
WHERE scope = %(scope)s AND day BETWEEN %(since)s AND %(until)s
GROUP BY scope_id
HAVING sum(failed_requests) > 0
ORDER BY sum(failed_requests) DESC, scope_id
LIMIT %(limit)s;

-- name: failing_models
SELECT model AS id, <<most_failed>>
FROM spend_daily
WHERE scope = 'total' AND day BETWEEN %(since)s AND %(until)s AND model <> ''
GROUP BY model
HAVING sum(failed_requests) > 0
ORDER BY sum(failed_requests) DESC, model
LIMIT %(limit)s;

-- name: worst_statuses
-- With which status each of them fails most.
SELECT DISTINCT ON (id) id, http_status, requests
FROM (
    SELECT CASE %(scope)s WHEN 'team' THEN team_id WHEN 'user' THEN user_id WHEN 'key' THEN key_hash ELSE model END AS id,
           http_status,
           sum(requests)::bigint AS requests
    FROM spend_failures
    WHERE day BETWEEN %(since)s AND %(until)s
      AND (%(scope)s <> 'team' OR team_id = ANY(%(ids)s))
      AND (%(scope)s <> 'user' OR user_id = ANY(%(ids)s))
      AND (%(scope)s <> 'key' OR key_hash = ANY(%(ids)s))
      AND (%(scope)s <> 'model' OR model = ANY(%(ids)s))
    GROUP BY 1, 2
) AS found
ORDER BY id, requests DESC, http_status;
