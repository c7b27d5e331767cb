"""Ways to tell people: one file for each, and a row in the table."""
