"""OpenAI's Responses API as providers speak it."""
