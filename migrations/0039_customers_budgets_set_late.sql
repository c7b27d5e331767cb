-- Customers without a budget of their own may be given one by the configuration, or by a key, at any time: what they
-- spent in its window before is charged to it when its counter is asked for. Windows that were begun anew by hand
-- (`1:all`) have what they begin with.

CREATE FUNCTION charge_customers(bounds text[], windows text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO spend_windows AS stored (bound, window_id, process, spent_nano, base_nano, told)
    SELECT missing.bound, missing.window_id, '', missing.nano, missing.nano, false
    FROM (
        SELECT asked.bound, asked.window_id, ceil(1000000000 * CASE
            WHEN asked.begins IS NULL THEN coalesce((
                SELECT spend_usd FROM spend_totals WHERE scope = 'end_user' AND scope_id = asked.id), 0)
            ELSE coalesce((
                SELECT sum(spend_usd) FROM spend_daily
                WHERE scope = 'end_user' AND scope_id = asked.id AND day > asked.day), 0)
                + coalesce((
                SELECT sum(cost_usd) FROM spend_logs
                WHERE day = asked.day AND end_user = asked.id AND started_at >= asked.begins), 0)
            END) - coalesce((
                SELECT sum(spent_nano) FROM spend_windows AS own
                WHERE own.bound = asked.bound AND own.window_id = asked.window_id), 0) AS nano
        FROM (
            SELECT bound, window_id, substr(bound, length('customer:') + 1) AS id, begins,
                   (begins AT TIME ZONE 'UTC')::date AS day
            FROM unnest(bounds, windows) AS given (bound, window_id)
            CROSS JOIN LATERAL (
                SELECT CASE WHEN window_id <> 'all'
                       THEN to_timestamp(right(window_id, 16), 'YYYYMMDD"T"HH24MISS"Z"')::timestamp AT TIME ZONE 'UTC'
                       END AS begins) AS moment
            WHERE bound LIKE 'customer:%' AND window_id ~ '^(all|[0-9]+(s|m|h|d|mo):[0-9]{8}T[0-9]{6}Z)$'
        ) AS asked
    ) AS missing
    WHERE missing.nano > 0
    ORDER BY missing.bound COLLATE "C", missing.window_id COLLATE "C"
    ON CONFLICT (bound, window_id, process) DO UPDATE SET
        spent_nano = stored.spent_nano + excluded.spent_nano, base_nano = stored.base_nano + excluded.base_nano,
        told = false, updated_at = now();
$$;
