"""Endpoints on SageMaker: the form of Hugging Face's text generation server, and AWS' envelope of streams."""
