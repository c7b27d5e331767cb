-- part: columns
id, gateway_id, snapshot, status, http_status, error_type, error_message, started_at, first_token_at, ended_at,
       route, call_type, stream, client_gone, attempts, response_id, model, model_group, deployment_id, provider,
       upstream_model, api_base, key_hash, key_alias, user_id, team_id, team_alias, organization_id, end_user,
       agent_id, client_ip, user_agent, session_id, tags, metadata, input_tokens, output_tokens, cache_read_tokens,
       cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, input_audio_tokens, output_audio_tokens,
       web_searches, usage_estimated, cost_usd, cost_parts, price_version, priced, finish, written_at

-- part: wanted
-- Both ends are always named, so that other days' partitions are left out however the query is planned. The
-- day of an id and the start of its call may lie on two sides of midnight.
day BETWEEN %(first_day)s AND %(last_day)s
  AND (%(days)s::date[] IS NULL OR day = ANY(%(days)s))
  AND started_at >= %(since)s AND started_at < %(until)s
  AND (%(key_hash)s::text IS NULL OR key_hash = %(key_hash)s)
  AND (%(user_id)s::text IS NULL OR user_id = %(user_id)s)
  AND (%(team_id)s::text IS NULL OR team_id = %(team_id)s)
  AND (%(end_user)s::text IS NULL OR end_user = %(end_user)s)
  AND (%(request_id)s::text IS NULL OR response_id = %(request_id)s OR id = %(call_id)s)
  AND (%(session_id)s::text IS NULL OR session_id = %(session_id)s)
  AND (%(tag)s::text IS NULL OR (tags <> '{}' AND tags @> ARRAY[%(tag)s::text]))
  AND (%(model)s::text IS NULL OR upstream_model = %(model)s OR model = %(model)s)
  AND (%(model_id)s::text IS NULL OR deployment_id = %(model_id)s)
  AND (%(model_group)s::text IS NULL OR model_group = %(model_group)s)
  AND (%(key_alias)s::text IS NULL OR key_alias ILIKE %(key_alias)s)
  AND (%(status)s::text IS NULL OR %(status)s <> 'success' OR status = 'success')
  AND (%(status)s::text IS NULL OR %(status)s = 'success' OR status <> 'success')
  AND (%(status)s::text IS DISTINCT FROM 'interrupted' OR (status = 'interrupted' AND http_status = 0))
  AND (%(http_status)s::integer IS NULL OR http_status = %(http_status)s)
  AND (%(error_message)s::text IS NULL OR error_message LIKE %(error_message)s)
  AND (%(min_spend)s::numeric IS NULL OR cost_usd >= %(min_spend)s)
  AND (%(max_spend)s::numeric IS NULL OR cost_usd <= %(max_spend)s)
  AND (%(search)s::text IS NULL OR response_id = %(search)s OR id = %(call_id)s OR session_id = %(search)s
       OR ('key' = ANY(%(search_kinds)s::text[]) AND key_hash = %(search)s)
       OR ('team' = ANY(%(search_kinds)s::text[]) AND team_id = %(search)s)
       OR ('user' = ANY(%(search_kinds)s::text[]) AND user_id = %(search)s)
       OR ('end_user' = ANY(%(search_kinds)s::text[]) AND end_user = %(search)s)
       OR ('deployment' = ANY(%(search_kinds)s::text[]) AND deployment_id = %(search)s))

-- part: after_latest
(%(after_id)s::uuid IS NULL OR (started_at, id) < (%(after_time)s, %(after_id)s))

-- part: after_earliest
(%(after_id)s::uuid IS NULL OR (started_at, id) > (%(after_time)s, %(after_id)s))

-- part: after_{order}
-- each: order = sorted counted
true

-- part: by_latest
started_at DESC, id DESC

-- part: by_earliest
started_at, id

-- part: by_sorted
CASE %(sort)s::text WHEN 'model' THEN CASE WHEN %(descending)s THEN upstream_model END END DESC,
    CASE %(sort)s::text WHEN 'model' THEN CASE WHEN NOT %(descending)s THEN upstream_model END END,
    CASE WHEN %(descending)s THEN -1 ELSE 1 END * CASE %(sort)s::text
        WHEN 'spend' THEN cost_usd
        WHEN 'total_tokens' THEN input_tokens + output_tokens
        WHEN 'prompt_tokens' THEN input_tokens
        WHEN 'completion_tokens' THEN output_tokens
        WHEN 'endTime' THEN extract(EPOCH FROM ended_at)
        WHEN 'request_duration_ms' THEN extract(EPOCH FROM ended_at - started_at)
        WHEN 'ttft_ms' THEN extract(EPOCH FROM nullif(first_token_at, ended_at) - started_at)
    END NULLS LAST,
    started_at DESC, id DESC

-- part: by_counted
NULL::integer

-- part: told_{order}
-- each: order = latest earliest sorted
<<columns>>

-- part: told_counted
id

-- part: {order}_of_{owner}
-- each: order = latest earliest sorted counted; owner = key_hash user_id team_id organization_id
-- The order names the owner, and no equality makes that idle: so no index but the owner's is thought to have it.
LATERAL (
             SELECT <<told_{order}>> FROM spend_logs
             WHERE NOT %(sees_all)s AND {owner} BETWEEN own AND own AND <<wanted>> AND <<after_{order}>>
             ORDER BY {owner}, <<by_{order}>> LIMIT %(limit)s::bigint + %(offset)s) AS theirs

-- part: seen_{order}
-- each: order = latest earliest sorted counted
-- Whoever does not see all gets theirs from where an index has them in order, each of them once: of their key, their
-- user, each of their teams and organizations.
(
    (SELECT <<told_{order}>> FROM spend_logs WHERE %(sees_all)s AND <<wanted>> AND <<after_{order}>>
     ORDER BY <<by_{order}>> LIMIT %(limit)s::bigint + %(offset)s)
    UNION ALL
    (SELECT DISTINCT ON (id) <<told_{order}>> FROM (
         SELECT theirs.* FROM unnest(array_remove(ARRAY[%(own_key)s::text], NULL)) AS own, <<{order}_of_key_hash>>
         UNION ALL
         SELECT theirs.* FROM unnest(array_remove(ARRAY[%(own_user)s::text], NULL)) AS own, <<{order}_of_user_id>>
         UNION ALL
         SELECT theirs.* FROM unnest(%(own_teams)s::text[]) AS own, <<{order}_of_team_id>>
         UNION ALL
         SELECT theirs.* FROM unnest(%(own_organizations)s::text[]) AS own, <<{order}_of_organization_id>>
     ) AS found ORDER BY id)
) AS seen

-- name: latest
-- Behind the last one of the page before, where one is named: a page far down costs what the first does.
SELECT <<columns>> FROM <<seen_latest>>
ORDER BY <<by_latest>> LIMIT %(limit)s OFFSET %(offset)s;

-- name: earliest
SELECT <<columns>> FROM <<seen_earliest>>
ORDER BY <<by_earliest>> LIMIT %(limit)s OFFSET %(offset)s;

-- name: sorted_logs
SELECT <<columns>> FROM <<seen_sorted>>
ORDER BY <<by_sorted>> LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_logs
-- No further than to the most that is told.
SELECT least(count(*), %(limit)s) FROM <<seen_counted>>;

-- name: kinds_of_id
-- What calls have under an id, but for what has an index that says it as quickly.
SELECT scope AS id FROM spend_totals
WHERE scope IN ('key', 'team', 'user', 'end_user', 'deployment') AND scope_id = %(search)s
ORDER BY scope;

-- name: days_of_tag
SELECT DISTINCT day FROM spend_daily
WHERE scope = 'tag' AND scope_id = %(tag)s AND day BETWEEN %(first_day)s AND %(last_day)s
ORDER BY day;

-- name: days
-- Sums by day, and of each day by key, user and model: put together here, for there may be many of them.
SELECT day,
       sum(spend_usd) FILTER (WHERE said = 7) AS spend_usd,
       coalesce(json_object_agg(key_hash, spend_usd) FILTER (WHERE said = 3), '{}') AS keys,
       coalesce(json_object_agg(user_id, spend_usd) FILTER (WHERE said = 5), '{}') AS users,
       coalesce(json_object_agg(model, spend_usd) FILTER (WHERE said = 6), '{}') AS models
FROM (
    SELECT day, key_hash, user_id, model, grouping(key_hash, user_id, model) AS said, sum(spend_usd) AS spend_usd
    FROM (
        SELECT day, key_hash, user_id, coalesce(nullif(upstream_model, ''), model) AS model, spend_usd
        FROM spend_cells
        WHERE day BETWEEN %(since)s AND %(until)s
          AND (%(key_hash)s::text IS NULL OR key_hash = %(key_hash)s)
          AND (%(user_id)s::text IS NULL OR user_id = %(user_id)s)
          AND (%(team_id)s::text IS NULL OR team_id = %(team_id)s)
          AND (%(model)s::text IS NULL OR upstream_model = %(model)s OR model = %(model)s)
          AND (%(sees_all)s OR key_hash = %(own_key)s OR user_id = %(own_user)s OR team_id = ANY(%(own_teams)s)
               OR organization_id = ANY(%(own_organizations)s))
    ) AS cell
    GROUP BY GROUPING SETS ((day), (day, key_hash), (day, user_id), (day, model))
) AS part
GROUP BY day
ORDER BY day;

-- name: sessions
-- What the sessions of a page have in all, each with one key.
SELECT session_id, key_hash, count(*) AS calls, sum(cost_usd) AS spend_usd,
       sum(input_tokens)::bigint AS input_tokens, sum(output_tokens)::bigint AS output_tokens,
       array_agg(DISTINCT left(upstream_model, 100)) AS models
FROM spend_logs
WHERE session_id = ANY(%(sessions)s) AND key_hash = ANY(%(keys)s)
GROUP BY session_id, key_hash
ORDER BY session_id, key_hash;

-- name: figures
-- What gateway processes counted of the calls of one hour, beside the rows of these calls.
WITH counted AS (
    SELECT gateway_id,
           sum(began)::bigint AS began,
           sum(ended)::bigint AS ended,
           sum(interrupted)::bigint AS interrupted,
           sum(uncalled)::bigint AS uncalled
    FROM spend_counts
    WHERE hour = %(hour)s
    GROUP BY gateway_id
), written AS (
    SELECT gateway_id,
           count(*) FILTER (WHERE status <> 'interrupted' AND attempts > 0) AS ended_rows,
           count(*) FILTER (WHERE status = 'interrupted') AS interrupted_rows,
           count(*) FILTER (WHERE status <> 'interrupted' AND attempts = 0) AS uncalled_rows
    FROM spend_logs
    WHERE day = %(day)s AND id >= %(low)s AND id < %(high)s
    GROUP BY gateway_id
)
SELECT gateway_id,
       coalesce(began, 0) AS began,
       coalesce(ended, 0) AS ended,
       coalesce(interrupted, 0) AS interrupted,
       coalesce(uncalled, 0) AS uncalled,
       coalesce(ended_rows, 0) AS ended_rows,
       coalesce(interrupted_rows, 0) AS interrupted_rows,
       coalesce(uncalled_rows, 0) AS uncalled_rows
FROM counted FULL JOIN written USING (gateway_id)
ORDER BY gateway_id;

-- name: bodies
SELECT id, asked, answered, cut FROM spend_bodies
WHERE id = ANY(%(ids)s) AND day BETWEEN %(first)s AND %(last)s;

-- name: cached_calls
-- Out of an index of such calls alone; nobody marks prompts for them, so that of such marks there are none.
SELECT id, started_at, coalesce(nullif(upstream_model, ''), model) AS model, model_group, input_tokens, output_tokens,
       cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, cost_usd
FROM spend_logs
WHERE day BETWEEN %(since)s::date - 1 AND %(until)s::date + 1
  AND started_at >= %(since)s AND started_at < %(until)s
  AND (cache_read_tokens > 0 OR cache_write_tokens > 0)
  AND NOT %(injected)s AND (NOT %(hits)s OR cache_read_tokens > 0)
  AND (%(after_id)s::uuid IS NULL OR (started_at, id) < (%(after_time)s, %(after_id)s))
ORDER BY started_at DESC, id DESC
LIMIT %(limit)s;
