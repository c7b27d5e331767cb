"""One module per API family: which formats it takes, then the line."""
