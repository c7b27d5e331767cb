"""`/global/spend/…`, `/spend/{tags,keys,users}`, `/…/spend/report`, `/tag/summary`: who spent how much."""
