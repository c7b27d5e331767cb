"""A token that is fetched when it is first needed and again before it expires, by one caller for all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from msgspec import Struct

_EARLY_S = 300.0
"""How long before its end a token is replaced, at most; a short-lived one at half its life."""


class Token(Struct, frozen=True):
    """A bearer token; `expires_at` is in seconds since 1970."""

    value: str
    expires_at: float

    def __repr__(self) -> str:
        """Show how long it lasts, never the token."""
        return f"Token(expires_at={self.expires_at:.0f})"


class Tokens:
    """The current token of one credential.

    While the old token still holds, a failing `fetch` is not the caller's trouble: the old one is
    given out and the next caller tries again.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Token]]) -> None:
        self._fetch = fetch
        self._token: Token | None = None
        self._replace_at = 0.0
        self._lock: asyncio.Lock | None = None

    async def current(self) -> str:
        """Return a token that holds. Raises what `fetch` raises when there is none."""
        if self._token is not None and time.time() < self._replace_at:
            return self._token.value
        if self._lock is None:
            self._lock = asyncio.Lock()
        async with self._lock:
            now = time.time()
            if self._token is not None and now < self._replace_at:
                return self._token.value
            try:
                token = await self._fetch()
            except Exception:
                if self._token is not None and now < self._token.expires_at:
                    return self._token.value
                raise
            self._token = token
            self._replace_at = token.expires_at - min(_EARLY_S, (token.expires_at - now) / 2)
            return token.value
