-- The services that charges are sent to: what was said of each, secrets sealed.
CREATE TABLE charge_receivers (
    name text PRIMARY KEY,
    said jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

-- Calls whose prompt a provider's cache had or took, which are looked through by themselves.
CREATE INDEX spend_logs_by_prompt_cache ON spend_logs (started_at DESC, id DESC)
    WHERE cache_read_tokens > 0 OR cache_write_tokens > 0;
