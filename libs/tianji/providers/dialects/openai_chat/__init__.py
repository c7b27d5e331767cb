"""Chat completions as providers speak them: OpenAI, Azure and the many that took their form."""
