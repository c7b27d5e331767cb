"""`/focus/export`: the ledger's days as FOCUS 1.2, for tools that read clouds' bills."""
