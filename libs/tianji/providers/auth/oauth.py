"""Tokens of OAuth 2: a credential is shown at an address, and a token comes back that lasts a while.

Deployments with the same credential share its token, also across snapshots.
"""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from tianji.errors import UpstreamError
from tianji.providers.auth.calls import ask
from tianji.providers.auth.tokens import Token, Tokens
from tianji.providers.contract import UpstreamRequest

Authorize = Callable[[UpstreamRequest], Awaitable[Mapping[str, str]]]
_LIFE_S = 3600.0
"""How long a token is taken to hold where nobody says it."""


class Grant(Struct, frozen=True):
    """How a token is asked for."""

    provider: str
    url: str
    form: tuple[tuple[str, str], ...]
    basic: tuple[str, str] | None = None
    """Name and password that go into the header, for those who do not read them in the form."""
    headers: tuple[tuple[str, str], ...] = ()
    certificate: tuple[str, str] | None = None
    """A client's certificate and its key, as PEM, for those who know their clients by it."""

    def __repr__(self) -> str:
        """Show who is asked where, never the credential."""
        return f"Grant({self.provider} at {self.url})"

    def sent_headers(self) -> dict[str, str]:
        """Return the headers of the request for a token."""
        found = dict(self.headers)
        if self.basic is not None:
            name, password = (quote(part, safe="") for part in self.basic)
            found["authorization"] = f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"
        return found


def client_credentials(
    provider: str, url: str, client: str, secret: str, *, scope: str = "", basic: bool = False
) -> Grant:
    """Return the grant of a program that has a name and a secret of its own."""
    form = [("grant_type", "client_credentials")]
    if scope:
        form.append(("scope", scope))
    if basic:
        return Grant(provider, url, tuple(form), basic=(client, secret))
    return Grant(provider, url, (*form, ("client_id", client), ("client_secret", secret)))


@lru_cache(maxsize=512)
def tokens_of(grant: Grant) -> Tokens:
    """Return the token of a grant, the same for all that ask."""
    return Tokens(lambda: fetch(grant))


async def fetch(grant: Grant) -> Token:
    """Ask for a token now. Raises UpstreamError where there is none."""
    context = None if grant.certificate is None else _known_by(grant, *grant.certificate)
    answer = await ask(
        grant.provider, grant.url, form=dict(grant.form), headers=grant.sent_headers(), context=context
    )
    return token_in(grant.provider, answer)


def token_in(provider: str, answer: Mapping[str, Any]) -> Token:
    """Read a token and when it ends out of an answer."""
    value = answer.get("access_token")
    if not isinstance(value, str) or not value:
        raise UpstreamError(
            f"{provider}: the answer about credentials holds no token",
            provider=provider,
            type="authentication_error",
            status=401,
        )
    try:
        life = float(answer.get("expires_in") or _LIFE_S)
    except (TypeError, ValueError):
        life = _LIFE_S
    return Token(value, time.time() + life)


def bearer(grant: Grant) -> Authorize:
    """Return what adds the token of a grant to a request."""
    return bearer_of(tokens_of(grant))


def bearer_of(tokens: Tokens) -> Authorize:
    """Return what adds the current token to a request."""

    async def authorize(request: UpstreamRequest) -> Mapping[str, str]:
        return {"authorization": f"Bearer {await tokens.current()}"}

    return authorize


def _known_by(grant: Grant, certificate: str, key: str) -> ssl.SSLContext:
    """Return a context that shows a certificate; Python takes one from a file only."""
    context = ssl.create_default_context()
    with NamedTemporaryFile("w", suffix=".pem") as pem:
        pem.write(f"{key.strip()}\n{certificate.strip()}\n")
        pem.flush()
        try:
            context.load_cert_chain(pem.name)
        except (ssl.SSLError, OSError):
            raise UpstreamError(
                f"{grant.provider}: the certificate or its key cannot be read",
                provider=grant.provider,
                status=401,
                type="authentication_error",
            ) from None
    return context
