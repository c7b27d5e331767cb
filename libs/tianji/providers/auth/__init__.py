"""Credentials that must be fetched, refreshed or made per request: one module per scheme."""
