"""Which claims of a JWT stand for which virtual key."""
