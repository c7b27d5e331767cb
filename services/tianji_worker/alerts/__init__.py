"""Tells people of budgets: what is found is a row, and each row is sent until somebody has it."""
