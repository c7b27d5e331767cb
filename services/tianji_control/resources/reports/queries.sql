-- part: seen
(%(sees_all)s OR key_hash = %(own_key)s OR user_id = %(own_user)s OR team_id = ANY(%(own_teams)s)
       OR organization_id = ANY(%(own_organizations)s))

-- part: upstream
coalesce(nullif(upstream_model, ''), model)

-- part: sums
sum(spend_usd) AS spend_usd, sum(requests)::bigint AS requests, sum(input_tokens + output_tokens)::bigint AS tokens

-- part: thing
CASE %(by)s WHEN 'upstream' THEN <<upstream>> WHEN 'provider' THEN provider WHEN 'model' THEN model ELSE call_type END

-- part: of_keys
-- Of sums by tag and customer the caller's share is that of the keys that are theirs now.
key_hash <> '' AND key_hash = ANY(ARRAY(
           SELECT hash FROM keys
           WHERE hash = %(own_key)s OR user_id = %(own_user)s OR team_id = ANY(%(own_teams)s)
              OR organization_id = ANY(%(own_organizations)s)))

-- name: total
SELECT spend_usd FROM spend_totals WHERE scope = 'total';

-- name: days
SELECT day, sum(spend_usd) AS spend_usd
FROM spend_daily
WHERE scope = %(scope)s AND scope_id = %(scope_id)s AND day BETWEEN %(since)s AND %(until)s
GROUP BY day
ORDER BY day;

-- name: provider_days
SELECT day, sum(spend_usd) AS spend_usd
FROM spend_daily
WHERE scope = 'total' AND scope_id = '' AND provider = %(provider)s AND day BETWEEN %(since)s AND %(until)s
GROUP BY day
ORDER BY day;

-- name: key_days
SELECT day, key_hash, user_id, sum(spend_usd) AS spend_usd
FROM spend_cells
WHERE day BETWEEN %(since)s AND %(until)s AND (%(key)s::text IS NULL OR key_hash = %(key)s) AND <<seen>>
GROUP BY day, key_hash, user_id
ORDER BY day, key_hash;

-- name: reset_keys
-- Keys that have spent something count as having spent nothing.
UPDATE keys SET spend_adjustment = -spent.spend_usd, updated_at = now(), updated_by = %(by)s
FROM (
    SELECT key.hash, total.spend_usd
    FROM keys AS key CROSS JOIN LATERAL (
        SELECT coalesce(sum(spend_usd), 0) AS spend_usd
        FROM values_of_key(key.hash) AS value JOIN spend_totals ON scope = 'key' AND scope_id = value
    ) AS total
    WHERE key.spend_adjustment <> -total.spend_usd AND NOT key.extra ? 'successor'
    ORDER BY key.hash
    FOR UPDATE OF key
) AS spent
WHERE keys.hash = spent.hash
RETURNING keys.hash AS id;

-- name: spent_teams
SELECT team_id AS id
FROM teams JOIN spend_totals AS total ON total.scope = 'team' AND total.scope_id = team_id
WHERE total.spend_usd > 0
ORDER BY team_id;

-- name: spent
-- Keys, customers or tags: who of them spent most.
SELECT scope_id AS name, sum(spend_usd) AS spend_usd, sum(requests)::bigint AS requests, sum(tokens)::bigint AS tokens
FROM spend_days
WHERE scope = %(scope)s AND day BETWEEN %(since)s AND %(until)s
  AND (%(names)s::text[] IS NULL OR scope_id = ANY(%(names)s))
GROUP BY scope_id
ORDER BY sum(spend_usd) DESC, scope_id
LIMIT %(limit)s;

-- name: seen_keys
SELECT key_hash AS name, <<sums>>
FROM spend_cells
WHERE day BETWEEN %(since)s AND %(until)s AND <<seen>>
GROUP BY key_hash
ORDER BY sum(spend_usd) DESC, key_hash
LIMIT %(limit)s;

-- name: things
-- Upstream models, providers, model groups or kinds of call: on which of them most was spent.
SELECT <<thing>> AS name, <<sums>>
FROM spend_daily
WHERE scope = 'total' AND day BETWEEN %(since)s AND %(until)s AND (%(unnamed)s OR <<thing>> <> '')
GROUP BY 1
ORDER BY sum(spend_usd) DESC, 1
LIMIT %(limit)s;

-- name: seen_things
SELECT <<thing>> AS name, <<sums>>
FROM spend_cells
WHERE day BETWEEN %(since)s AND %(until)s AND (%(unnamed)s OR <<thing>> <> '') AND <<seen>>
GROUP BY 1
ORDER BY sum(spend_usd) DESC, 1
LIMIT %(limit)s;

-- name: seen_tags
SELECT scope_id AS name, <<sums>>
FROM spend_daily
WHERE scope = 'tag' AND day BETWEEN %(since)s AND %(until)s
  AND (%(names)s::text[] IS NULL OR scope_id = ANY(%(names)s))
  AND <<of_keys>>
GROUP BY scope_id
ORDER BY sum(spend_usd) DESC, scope_id;

-- name: tag_summaries
-- A tag has many keys: whose they are now says how many people it is of.
SELECT part.name,
       count(DISTINCT key.user_id) FILTER (WHERE key.user_id <> '') AS users,
       sum(part.requests)::bigint AS requests,
       sum(part.successful_requests)::bigint AS successful_requests,
       sum(part.failed_requests)::bigint AS failed_requests,
       sum(part.tokens)::bigint AS tokens,
       sum(part.spend_usd) AS spend_usd
FROM (
    SELECT scope_id AS name, key_hash, sum(requests) AS requests, sum(successful_requests) AS successful_requests,
           sum(failed_requests) AS failed_requests, sum(input_tokens + output_tokens) AS tokens,
           sum(spend_usd) AS spend_usd
    FROM spend_daily
    WHERE scope = 'tag' AND day BETWEEN %(since)s AND %(until)s
      AND (%(names)s::text[] IS NULL OR scope_id = ANY(%(names)s))
      AND (%(pattern)s::text IS NULL OR scope_id ILIKE %(pattern)s)
    GROUP BY scope_id, key_hash
) AS part
LEFT JOIN keys AS key ON key.hash = part.key_hash
GROUP BY part.name
ORDER BY sum(part.requests) DESC, part.name
LIMIT %(limit)s;

-- name: totals
-- All that was ever spent, by whatever a scope is about.
SELECT scope_id AS name, spend_usd, requests, input_tokens + output_tokens AS tokens
FROM spend_totals
WHERE scope = %(scope)s
ORDER BY spend_usd DESC, scope_id
LIMIT %(limit)s;

-- name: customers_of_key
SELECT scope_id AS name, <<sums>>
FROM spend_daily
WHERE scope = 'end_user' AND day BETWEEN %(since)s AND %(until)s AND key_hash = %(key)s AND key_hash <> ''
GROUP BY scope_id
ORDER BY sum(spend_usd) DESC, scope_id
LIMIT %(limit)s;

-- name: team_days
-- What teams spent by day; what belongs to none is what is left of the day's sum.
SELECT daily.day, coalesce(team.alias, daily.scope_id) AS name, daily.spend_usd
FROM (
    SELECT day, scope_id, sum(spend_usd) AS spend_usd
    FROM spend_daily
    WHERE scope = 'team' AND day BETWEEN %(since)s AND %(until)s
    GROUP BY day, scope_id
) AS daily
LEFT JOIN teams AS team ON team.team_id = daily.scope_id
ORDER BY 1, 2;

-- name: details
-- What was spent by key, team and model, over all days.
SELECT key_hash, team_id, <<upstream>> AS model, sum(spend_usd) AS spend_usd,
       sum(input_tokens)::bigint AS input_tokens, sum(output_tokens)::bigint AS output_tokens
FROM spend_cells
WHERE day BETWEEN %(since)s AND %(until)s
  AND (%(key)s::text IS NULL OR key_hash = %(key)s)
  AND (%(user_id)s::text IS NULL OR user_id = %(user_id)s)
  AND (%(team_id)s::text IS NULL OR team_id = %(team_id)s)
  AND (%(organization_id)s::text IS NULL OR organization_id = %(organization_id)s)
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3;

-- name: team_report
SELECT cell.day, coalesce(team.alias, nullif(cell.team_id, ''), 'Unassigned Team') AS name, cell.key_hash,
       coalesce(nullif(cell.upstream_model, ''), cell.model) AS model, sum(cell.spend_usd) AS spend_usd,
       sum(cell.input_tokens + cell.output_tokens)::bigint AS tokens
FROM spend_cells AS cell
LEFT JOIN teams AS team ON team.team_id = cell.team_id
WHERE cell.day BETWEEN %(since)s AND %(until)s
  AND (%(team_id)s::text IS NULL OR cell.team_id = %(team_id)s)
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;

-- name: customer_report
SELECT day, scope_id AS name, key_hash, <<upstream>> AS model, sum(spend_usd) AS spend_usd,
       sum(input_tokens + output_tokens)::bigint AS tokens
FROM spend_daily
WHERE scope = 'end_user' AND day BETWEEN %(since)s AND %(until)s
  AND (%(customer_id)s::text IS NULL OR scope_id = %(customer_id)s)
  AND (%(team_id)s::text IS NULL OR key_hash IN (SELECT hash FROM keys WHERE team_id = %(team_id)s))
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;

-- name: team_users
SELECT cell.team_id, team.alias AS team_alias, cell.user_id, person.email AS user_email, person.alias AS user_alias,
       sum(cell.spend_usd) AS spend_usd,
       sum(cell.requests)::bigint AS requests,
       sum(cell.successful_requests)::bigint AS successful_requests,
       sum(cell.failed_requests)::bigint AS failed_requests,
       sum(cell.input_tokens)::bigint AS input_tokens,
       sum(cell.output_tokens)::bigint AS output_tokens
FROM spend_cells AS cell
LEFT JOIN teams AS team ON team.team_id = cell.team_id
LEFT JOIN users AS person ON person.user_id = cell.user_id
WHERE cell.day BETWEEN %(since)s AND %(until)s AND cell.team_id = ANY(%(team_ids)s)
GROUP BY 1, 2, 3, 4, 5
ORDER BY sum(cell.spend_usd) DESC, 1, 3;

-- name: spenders
-- Keys, or users, that spent most; those that never spent come last.
SELECT candidate.id
FROM (
    SELECT 'key' AS kind, hash AS id, user_id, created_at FROM keys
    UNION ALL
    SELECT 'user', user_id, user_id, created_at FROM users
) AS candidate
LEFT JOIN spend_totals AS spent ON spent.scope = candidate.kind AND spent.scope_id = candidate.id
LEFT JOIN (
    -- Of keys with more than one value: what all of them have spent.
    SELECT own.hash AS id, sum(total.spend_usd) AS spend_usd
    FROM key_values AS own JOIN key_values AS also USING (origin)
    JOIN spend_totals AS total ON total.scope = 'key' AND total.scope_id = also.hash
    GROUP BY own.hash
) AS of_all ON candidate.kind = 'key' AND of_all.id = candidate.id
WHERE candidate.kind = %(kind)s
  AND (%(user_id)s::text IS NULL OR candidate.user_id = %(user_id)s)
ORDER BY coalesce(of_all.spend_usd, spent.spend_usd, 0) DESC, candidate.created_at DESC, candidate.id
LIMIT %(limit)s;

-- name: customer_names
-- Customers that the ledger names in a span.
SELECT DISTINCT scope_id AS name
FROM spend_days
WHERE scope = 'end_user' AND day BETWEEN %(since)s AND %(until)s
  AND (%(search)s::text IS NULL OR scope_id ILIKE %(search)s)
ORDER BY 1
LIMIT %(limit)s OFFSET %(offset)s;

-- name: seen_customer_names
SELECT DISTINCT scope_id AS name
FROM spend_daily
WHERE scope = 'end_user' AND day BETWEEN %(since)s AND %(until)s
  AND (%(search)s::text IS NULL OR scope_id ILIKE %(search)s) AND <<of_keys>>
ORDER BY 1
LIMIT %(limit)s OFFSET %(offset)s;

-- name: user_names
SELECT DISTINCT scope_id AS name
FROM spend_daily
WHERE scope = 'user' AND day BETWEEN %(since)s AND %(until)s
  AND (%(search)s::text IS NULL OR scope_id ILIKE %(search)s)
ORDER BY 1
LIMIT %(limit)s OFFSET %(offset)s;

-- name: seen_user_names
SELECT DISTINCT user_id AS name
FROM spend_cells
WHERE day BETWEEN %(since)s AND %(until)s AND user_id <> ''
  AND (%(search)s::text IS NULL OR user_id ILIKE %(search)s) AND <<seen>>
ORDER BY 1
LIMIT %(limit)s OFFSET %(offset)s;
