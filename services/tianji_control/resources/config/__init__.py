"""The configuration as a whole: the file, reloaded on demand, and single settings beside it."""
