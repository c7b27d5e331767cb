"""The API as OpenAPI 3.1, made from what paths declare."""
