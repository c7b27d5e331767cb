"""`/…/daily/activity`, `/global/activity` and `/gateway/…/activity`: what was done, out of the roll-ups."""
