"""`/spend` and `/global/spend`: what was spent, row by row and in sums."""
