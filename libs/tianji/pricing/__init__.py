"""What a call costs: a table of prices that ships with the package, and exact sums in Decimal.

`catalog` opens the table, `lookup` finds a deployment's price, `cost` multiplies, `seed` makes the
table from LiteLLM's price JSON.
"""
