-- Each key counts by its own hash again, and takes along what all its values have spent.

INSERT INTO spend_windows (bound, window_id, process, spent_nano, base_nano, told)
SELECT replace(spent.bound, value.origin, value.hash), spent.window_id, '', sum(spent.spent_nano), sum(spent.spent_nano),
       false
FROM key_values AS value
JOIN keys ON keys.hash = value.hash
JOIN spend_windows AS spent ON split_part(split_part(spent.bound, ':', 2), '@', 1) = value.origin
WHERE value.hash <> value.origin AND split_part(spent.bound, ':', 1) IN ('key', 'key_model')
GROUP BY 1, 2
ON CONFLICT DO NOTHING;

INSERT INTO budget_generations (holder, generation, base_usd, since)
SELECT 'key:' || value.hash, stored.generation, stored.base_usd, stored.since
FROM key_values AS value
JOIN keys ON keys.hash = value.hash
JOIN budget_generations AS stored ON stored.holder = 'key:' || value.origin
WHERE value.hash <> value.origin
ON CONFLICT DO NOTHING;

UPDATE keys SET spend_adjustment = keys.spend_adjustment + earlier.spend_usd
FROM (
    SELECT value.hash, sum(total.spend_usd) AS spend_usd
    FROM key_values AS value
    JOIN key_values AS other ON other.origin = value.origin AND other.hash <> value.hash
    JOIN spend_totals AS total ON total.scope = 'key' AND total.scope_id = other.hash
    GROUP BY value.hash
) AS earlier
WHERE keys.hash = earlier.hash;

DROP FUNCTION give_value_to_key(text, text);
DROP FUNCTION values_of_key(text);
DROP FUNCTION origin_of_key(text);
DROP TABLE key_values;
