"""What a request is held to: from records and settings to the bounds that the limiter knows."""
