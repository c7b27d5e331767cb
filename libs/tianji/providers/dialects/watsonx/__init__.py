"""IBM watsonx.ai: its chat, which differs from OpenAI's in names, and its generation of text."""
