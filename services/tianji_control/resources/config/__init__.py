"""The config file, reloaded on demand."""
