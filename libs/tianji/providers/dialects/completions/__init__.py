"""OpenAI's older completions, which take a prompt: behind the chat of this gateway."""
