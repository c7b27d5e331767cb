"""Cohere's chat: version 2 as the rule, version 1 where a deployment asks for it."""
