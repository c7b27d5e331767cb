DROP TABLE spend_daily;
DROP TABLE spend_totals;
DROP TABLE spend_logs;
