"""`/spend/calculate` and `/cost/estimate`: what a call costs, before or after it is made."""
