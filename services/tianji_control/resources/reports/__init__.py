"""`/global/spend/…`, `/spend/{tags,keys,users}` and `/…/spend/report`: who spent how much, and on what."""
