DROP INDEX spend_logs_by_prompt_cache;
DROP TABLE charge_receivers;
