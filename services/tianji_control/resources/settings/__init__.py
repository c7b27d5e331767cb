"""Settings made by calls, beside those of the config file."""
