-- name: make_incoming
-- The batch as it came; emptied by each commit.
CREATE TEMPORARY TABLE IF NOT EXISTS spend_incoming (LIKE spend_logs INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;

-- part: row
day, id, started_at, first_token_at, ended_at, gateway_id, snapshot, status, http_status, error_type, error_message,
    route, call_type, stream, client_gone, attempts, response_id, model, model_group, deployment_id, provider,
    upstream_model, api_base, key_hash, key_alias, user_id, team_id, team_alias, organization_id, project_id, agent_id,
    end_user, client_ip, user_agent, session_id, tags, price_version, priced, finish, input_tokens, output_tokens,
    cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, input_audio_tokens, output_audio_tokens,
    accepted_prediction_tokens, rejected_prediction_tokens, web_searches, usage_estimated, usage_extra,
    provider_cost_usd, cost_usd, cost_parts, metadata, charged_bounds, charged_windows

-- name: take_memory
-- A batch and its sums fit into this, else each of them goes through files of the server.
SELECT set_config('temp_buffers', '32MB', false), set_config('work_mem', '32MB', true);

-- part: fresh
day, key_hash, team_id, user_id, organization_id, project_id, agent_id, end_user, model_group, model, provider, tags,
    upstream_model, call_type, deployment_id, api_base, http_status, error_type, status, cost_usd, input_tokens,
    output_tokens, cache_read_tokens, cache_write_tokens, started_at, ended_at, gateway_id, charged_bounds,
    charged_windows

-- name: make_fresh
-- What of the batch had no row yet, summed up by all that sums are by: all that those may count.
CREATE TEMPORARY TABLE IF NOT EXISTS spend_fresh (
    day date, key_hash text, team_id text, user_id text, organization_id text, project_id text, agent_id text,
    end_user text, model text, provider text, tags text[], upstream_model text, call_type text, deployment_id text,
    api_base text, http_status integer, error_type text,
    spend_usd numeric, requests bigint, failed_requests bigint, input_tokens bigint, output_tokens bigint,
    cache_read_tokens bigint, cache_write_tokens bigint, duration_ms bigint
) ON COMMIT DELETE ROWS;

-- name: make_charged
-- What of it is taken from budgets.
CREATE TEMPORARY TABLE IF NOT EXISTS spend_charged (
    gateway_id text, charged_bounds text[], charged_windows text[], spent_nano numeric
) ON COMMIT DELETE ROWS;

-- name: insert_new
-- In the order of the key, so that two workers with the same events wait for each other instead of deadlocking.
-- A clock that is set meanwhile makes a call take years: a day is what one may take.
WITH new AS (
    INSERT INTO spend_logs (<<row>>)
    SELECT <<row>>
    FROM spend_incoming
    ORDER BY day, id
    ON CONFLICT DO NOTHING
    RETURNING <<fresh>>
), charged AS (
    INSERT INTO spend_charged (gateway_id, charged_bounds, charged_windows, spent_nano)
    SELECT gateway_id, charged_bounds, charged_windows, ceil(cost_usd * 1000000000)
    FROM new
    WHERE cardinality(charged_bounds) > 0
), summed AS (
    INSERT INTO spend_fresh
    SELECT day, key_hash, team_id, user_id, organization_id, project_id, agent_id, end_user,
           coalesce(nullif(model_group, ''), model), provider, tags, upstream_model, call_type, deployment_id, api_base,
           http_status, error_type,
           sum(cost_usd), count(*), count(*) FILTER (WHERE status <> 'success'), sum(input_tokens), sum(output_tokens),
           sum(cache_read_tokens), sum(cache_write_tokens),
           sum(least(greatest(extract(EPOCH FROM ended_at - started_at) * 1000, 0), 86400000)::bigint)
    FROM new
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
    RETURNING requests
)
SELECT coalesce(sum(requests), 0)::bigint FROM summed;

-- name: own_partitions
SELECT pg_advisory_xact_lock(%(lock)s);

-- name: is_closed
SELECT EXISTS (SELECT FROM closed_days WHERE day = %(day)s::date);

-- name: is_attached
SELECT EXISTS (
    SELECT FROM pg_inherits
    WHERE inhrelid = to_regclass(%(name)s) AND inhparent = %(parent)s::regclass AND NOT inhdetachpending
);

-- name: close_day
INSERT INTO closed_days (day) VALUES (%(day)s) ON CONFLICT DO NOTHING;

-- name: share_windows
-- Held by whoever adds to windows or tells Redis what they are.
SELECT pg_advisory_xact_lock_shared(%(lock)s);

-- name: own_windows
-- Held by whoever moves what one process was charged to another row.
SELECT pg_advisory_xact_lock(%(lock)s);

-- name: roll_up_windows
-- What comes late of a process that was folded counts as what nobody holds any more.
INSERT INTO spend_windows AS stored (bound, window_id, process, spent_nano, requests, told)
SELECT
    charge.bound,
    charge.window_id,
    CASE WHEN closed.process IS NULL THEN charged.gateway_id ELSE '' END,
    sum(charged.spent_nano),
    count(*),
    bool_and(closed.process IS NULL AND charged.gateway_id <> '')
FROM spend_charged AS charged
CROSS JOIN LATERAL unnest(charged.charged_bounds, charged.charged_windows) AS charge (bound, window_id)
LEFT JOIN closed_processes AS closed ON closed.process = charged.gateway_id AND closed.folded_at IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
ON CONFLICT (bound, window_id, process) DO UPDATE SET
    spent_nano = stored.spent_nano + excluded.spent_nano,
    requests = stored.requests + excluded.requests,
    told = stored.told AND excluded.told,
    updated_at = now();

-- name: close_processes
INSERT INTO closed_processes (process) SELECT unnest(%(processes)s::text[]) ON CONFLICT DO NOTHING;

-- name: charge_customers
-- Of customers, who may have spent before they were given a budget.
SELECT charge_customers(%(bounds)s::text[], %(windows)s::text[]);

-- name: window_sums
-- A number for counters ends at 4e18: more than any budget, less than what 64 bits hold.
SELECT bound, window_id AS window, process, least(spent_nano, 4e18)::bigint AS spent_nano
FROM spend_windows
WHERE (bound, window_id) IN (SELECT * FROM unnest(%(bounds)s::text[], %(windows)s::text[]));

-- name: unfolded
SELECT process FROM closed_processes WHERE folded_at IS NULL ORDER BY closed_at;

-- name: totals_with
-- What all ended processes were charged, this one included, in the windows that it was charged in.
SELECT own.bound, own.window_id AS window,
       least(own.spent_nano + coalesce(rest.spent_nano, 0), 4e18)::bigint AS spent_nano
FROM spend_windows AS own
LEFT JOIN spend_windows AS rest ON rest.bound = own.bound AND rest.window_id = own.window_id AND rest.process = ''
WHERE own.process = %(process)s;

-- name: fold_windows
WITH ended AS (
    DELETE FROM spend_windows WHERE process = %(process)s
    RETURNING bound, window_id, spent_nano, requests
)
INSERT INTO spend_windows AS stored (bound, window_id, process, spent_nano, requests)
SELECT bound, window_id, '', spent_nano, requests
FROM ended
ON CONFLICT (bound, window_id, process) DO UPDATE SET
    spent_nano = stored.spent_nano + excluded.spent_nano,
    requests = stored.requests + excluded.requests,
    updated_at = now();

-- name: folded
UPDATE closed_processes SET folded_at = now() WHERE process = %(process)s;

-- name: untold
SELECT bound, window_id AS window, least(spent_nano, 4e18)::bigint AS spent_nano
FROM spend_windows
WHERE NOT told AND process = ''
ORDER BY updated_at
LIMIT %(limit)s;

-- name: mark_told
UPDATE spend_windows SET told = true
WHERE process = '' AND (bound, window_id) IN (SELECT * FROM unnest(%(bounds)s::text[], %(windows)s::text[]));

-- name: make_bodies
CREATE TEMPORARY TABLE IF NOT EXISTS spend_bodies_incoming (LIKE spend_bodies) ON COMMIT DELETE ROWS;

-- name: insert_bodies
INSERT INTO spend_bodies (day, id, asked, answered, cut)
SELECT day, id, asked, answered, cut FROM spend_bodies_incoming
ORDER BY day, id
ON CONFLICT DO NOTHING;

-- name: put_count
INSERT INTO spend_counts AS stored (
    hour, gateway_id, segment, first_id, covered, began, ended, interrupted, uncalled
)
VALUES (%(hour)s, %(gateway_id)s, %(segment)s, %(first_id)s, %(covered)s, %(began)s, %(ended)s, %(interrupted)s,
    %(uncalled)s)
ON CONFLICT (hour, gateway_id, segment, first_id) DO UPDATE SET
    covered = excluded.covered,
    began = excluded.began,
    ended = excluded.ended,
    interrupted = excluded.interrupted,
    uncalled = excluded.uncalled,
    written_at = now()
WHERE excluded.covered > stored.covered;

-- name: try_retention
-- The day up to which time has come for the database, too: a clock that is wrong drops nothing.
SELECT least(%(today)s::date, current_date) WHERE pg_try_advisory_xact_lock(%(lock)s);

-- name: general_settings
SELECT general FROM settings_in_force WHERE id = 'global';

-- name: wait_little
-- Who waits for a lock on the whole ledger keeps everybody behind from writing.
SELECT set_config('lock_timeout', '2000', true);

-- name: partitions
SELECT child.relname AS name
FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent IN ('spend_logs'::regclass, 'spend_bodies'::regclass);

-- name: forget_counts
DELETE FROM spend_counts WHERE hour < %(before)s::date;

-- name: forget_history
WITH processes AS (
    DELETE FROM closed_processes WHERE folded_at < %(before)s::date
)
DELETE FROM spend_windows
WHERE updated_at < %(before)s::date AND window_id ~ ':[0-9]{8}T[0-9]{6}Z$'
  AND to_timestamp(right(window_id, 16), 'YYYYMMDD"T"HH24MISS') < %(before)s::date;

-- name: schema_present
-- The newest tables and columns that the worker writes.
SELECT to_regclass('closed_days') IS NOT NULL AND to_regclass('budget_alerts') IS NOT NULL
   AND to_regproc('charge_customers') IS NOT NULL
   AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('spend_logs') AND attname = 'agent_id')
   AND to_regclass('key_values') IS NOT NULL;
