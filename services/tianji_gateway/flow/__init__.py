"""The steps of a request, in the order of `line`."""
