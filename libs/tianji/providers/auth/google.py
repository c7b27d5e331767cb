"""Tokens of Google Cloud: service accounts, users, workload identity, and what the machine itself has.

The library is imported when the first token is needed, and runs in a thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from tianji.errors import UpstreamError
from tianji.providers.auth.google_transport import Transport
from tianji.providers.auth.tokens import Token, Tokens
from tianji.providers.contract import UpstreamRequest

PROJECT = "{project}"
"""Stands in an address for the project that only the credentials know."""
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_LIFE_S = 3600.0
"""How long a token is taken to hold where Google does not say."""
_LONGEST = 300
_OF_AWS = "urn:ietf:params:aws:token-type:aws4_request"

Authorize = Callable[[UpstreamRequest], Awaitable[Mapping[str, str]]]


@lru_cache(maxsize=256)
def bearer(provider: str, source: str) -> Authorize:
    """Return what adds a token to a request; deployments with the same credentials share it.

    `source` is the JSON of credentials, the path of a file with it, or empty: then the application
    default credentials of the process are taken.
    """
    return _Credentials(provider, source).headers


class _Credentials:
    """One set of credentials."""

    def __init__(self, provider: str, source: str) -> None:
        self._provider = provider
        self._source = source
        self._loaded: Any = None
        self._project: str | None = None
        self._tokens = Tokens(self._fetch)

    async def headers(self, request: UpstreamRequest) -> Mapping[str, str]:
        """Return the headers that show who asks, and who pays where that is said.

        An address with `PROJECT` in it gets the project of the credentials.
        """
        token = await self._tokens.current()
        if PROJECT in request.url:
            request.url = request.url.replace(PROJECT, self._named())
        found = {"authorization": f"Bearer {token}"}
        payer = getattr(self._loaded, "quota_project_id", None)
        return found | {"x-goog-user-project": payer} if payer else found

    def _named(self) -> str:
        project = self._project or getattr(self._loaded, "project_id", None)
        if not project:
            raise self._failed("credentials name no project: name it as vertex_project", None, 400)
        return str(project)

    async def _fetch(self) -> Token:
        return await asyncio.to_thread(self._refreshed)

    def _refreshed(self) -> Token:
        try:
            from google.auth.exceptions import GoogleAuthError, TransportError
        except ModuleNotFoundError:
            missing = "tokens need google-auth, which comes with the extra 'google'"
            raise self._failed(missing, None, status=500) from None
        try:
            if self._loaded is None:
                self._loaded, self._project = _load(self._source)
            self._loaded.refresh(Transport())
        except TransportError as error:
            raise self._failed("cannot be reached for a token", error, status=502) from None
        except GoogleAuthError as error:
            raise self._failed("gave no token", error, status=401) from None
        except (OSError, ValueError, TypeError, AttributeError, KeyError, msgspec.DecodeError) as error:
            # What these say may quote the credentials.
            raise self._failed(f"credentials cannot be read ({type(error).__name__})", None, 401) from None
        expiry = self._loaded.expiry
        expires_at = expiry.replace(tzinfo=UTC).timestamp() if expiry else time.time() + _LIFE_S
        return Token(self._loaded.token, expires_at)

    def _failed(self, what: str, error: Exception | None, status: int) -> UpstreamError:
        said = f": {str(error.args[0])[:_LONGEST]}" if error is not None and error.args else ""
        return UpstreamError(
            f"{self._provider}: Google {what}{said}",
            provider=self._provider,
            status=status,
            type="authentication_error" if status == 401 else "api_error",
            retryable=True,
        )


def _load(source: str) -> tuple[Any, str | None]:
    if not source:
        import google.auth

        request: Any = Transport()
        found: tuple[Any, str | None] = google.auth.default(scopes=SCOPES, request=request)
        return found
    if not source.startswith("{"):
        source = Path(source).read_text()
    info = msgspec.json.decode(source)
    kind = info.get("type") if isinstance(info, dict) else None
    if kind not in _LOADERS:
        raise ValueError("credentials of an unknown type")
    project = info.get("project_id") or info.get("quota_project_id")
    return _LOADERS[kind](info), project if isinstance(project, str) else None


def _service_account(info: dict[str, Any]) -> Any:
    from google.oauth2.service_account import Credentials

    return Credentials.from_service_account_info(info, scopes=SCOPES)


def _user(info: dict[str, Any]) -> Any:
    from google.oauth2.credentials import Credentials

    return Credentials.from_authorized_user_info(info, scopes=SCOPES)


def _workload(info: dict[str, Any]) -> Any:
    """Load workload identity: of AWS, of a program that is run, or of a file or an address."""
    from google.auth import aws, identity_pool, pluggable

    source = info.get("credential_source") or {}
    kind: Any = pluggable if "executable" in source else identity_pool
    if info.get("subject_token_type") == _OF_AWS:
        kind = aws
    return kind.Credentials.from_info(info, scopes=SCOPES)


def _workforce(info: dict[str, Any]) -> Any:
    from google.auth.external_account_authorized_user import Credentials

    return Credentials.from_info(info)


def _impersonated(info: dict[str, Any]) -> Any:
    from google.auth.impersonated_credentials import Credentials

    return Credentials.from_impersonated_service_account_info(info, scopes=SCOPES)


_LOADERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "service_account": _service_account,
    "authorized_user": _user,
    "external_account": _workload,
    "external_account_authorized_user": _workforce,
    "impersonated_service_account": _impersonated,
}
