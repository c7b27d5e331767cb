"""Budgets and limits: what a call may take, exact over all gateways."""
