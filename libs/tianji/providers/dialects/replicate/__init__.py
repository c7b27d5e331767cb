"""Replicate's predictions: made by one request, fetched or streamed by others."""
