"""Cohere's v1 chat: the last message apart from its history, tools without ids."""
