"""Oracle Cloud's Generative AI: a generic chat, near to OpenAI's, and Cohere's first one, in other words."""
