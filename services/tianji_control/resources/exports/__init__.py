"""The ledger's days for tools that read bills: FOCUS files, and what Vantage and CloudZero are sent."""
