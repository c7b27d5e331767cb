-- What each key, customer and tag spent on each day, whatever it was spent on: who spent most is asked
-- over all of them at once, and their sums by model would be read in vain.

CREATE TABLE spend_days (
    scope text NOT NULL,
    day date NOT NULL,
    scope_id text NOT NULL,
    spend_usd numeric NOT NULL DEFAULT 0,
    requests bigint NOT NULL DEFAULT 0,
    failed_requests bigint NOT NULL DEFAULT 0,
    tokens bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, day, scope_id)
) WITH (fillfactor = 70);

INSERT INTO spend_days (scope, day, scope_id, spend_usd, requests, failed_requests, tokens)
SELECT scope, day, scope_id, sum(spend_usd), sum(requests), sum(failed_requests), sum(input_tokens + output_tokens)
FROM spend_daily
WHERE scope IN ('key', 'end_user', 'tag')
GROUP BY scope, day, scope_id;

-- What some keys have in the sums of customers and tags.

CREATE INDEX spend_daily_by_key ON spend_daily (key_hash, day) WHERE key_hash <> '';
