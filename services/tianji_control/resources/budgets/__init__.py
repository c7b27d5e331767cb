"""Budgets with a name of their own."""
