"""What the services of TianjiLLM share: the nouns, the formats, the extension families."""

__version__ = "0.1.0"
