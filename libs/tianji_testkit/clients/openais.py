"""What both APIs of OpenAI share in its SDK: how it connects, and the errors that it raises."""

from __future__ import annotations

from typing import Any

import openai

from tianji_testkit.clients.contract import Client


class OpenAIClient(Client):
    """An application with OpenAI's SDK."""

    errors = {  # noqa: RUF012
        "auth": openai.AuthenticationError,
        "forbidden": openai.PermissionDeniedError,
        "rate_limit": openai.RateLimitError,
        "context": openai.BadRequestError,
        "policy": openai.BadRequestError,
        "overloaded": openai.InternalServerError,
        "break": openai.APIError,
    }

    @staticmethod
    def connect(url: str, key: str) -> Any:
        """Return the SDK's client."""
        return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)

    def message_of(self, error: Exception) -> str:
        """Return the error's message."""
        assert isinstance(error, openai.APIError)
        body = error.body
        assert isinstance(body, dict), f"no error body: {body!r}"
        assert {"message", "type"} <= body.keys()
        return str(body["message"])
