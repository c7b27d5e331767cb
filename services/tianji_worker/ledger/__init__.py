"""The ledger: one row per spend event, and their sums."""
