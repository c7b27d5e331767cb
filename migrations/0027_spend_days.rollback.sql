DROP INDEX spend_daily_by_key;
DROP TABLE spend_days;
