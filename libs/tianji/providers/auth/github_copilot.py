"""GitHub Copilot's credentials: a user's token, kept in a file, and the short-lived one bought with it.

The files are those that LiteLLM keeps, so that a login made there holds here: `access-token`, and
`api-key.json` with the short-lived token, its end and the address it is good for. `github_login`
puts the first one there.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec

from tianji.errors import UpstreamError
from tianji.providers.auth.tokens import Token, Tokens
from tianji.providers.contract import UpstreamRequest

PROVIDER = "github_copilot"
LOGIN = "python -m tianji.providers.auth.github_login"
DIRECTORY = "~/.config/litellm/github_copilot"
ACCESS_TOKEN, API_KEY = "access-token", "api-key.json"
EDITOR = {
    "editor-version": "vscode/1.95.0",
    "editor-plugin-version": "copilot-chat/0.26.7",
    "user-agent": "GitHubCopilotChat/0.26.7",
}
"""Copilot answers editors only."""

_EXCHANGE = "https://api.github.com/copilot_internal/v2/token"
_LIFE_S = 1200.0
_TIMEOUT_S = 15.0

Send = Callable[[str, Mapping[str, str], bytes | None], tuple[int, Any]]
"""Sends one request, a POST where it has a body: the status and the JSON of the answer."""


def send(url: str, headers: Mapping[str, str], body: bytes | None = None) -> tuple[int, Any]:
    """Send a request to GitHub; called in a thread. Raises UpstreamError where there is no answer."""
    request = Request(url, data=body, headers={"accept": "application/json", **EDITOR, **headers})
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:
            status, raw = answer.status, answer.read()
    except HTTPError as error:
        with error:
            status, raw = error.code, error.read()
    except (OSError, HTTPException) as error:
        raise UpstreamError(
            f"github_copilot cannot be reached for a token ({type(error).__name__})",
            provider=PROVIDER,
            retryable=True,
        ) from None
    try:
        return status, msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError):
        return status, None


class Copilot:
    """The credentials of one user; `token` goes before the file where it is given."""

    def __init__(
        self,
        directory: Path,
        token: str = "",
        names: tuple[str, str] = (ACCESS_TOKEN, API_KEY),
        send: Send = send,
        follows: bool = True,
    ) -> None:
        """`follows`: requests go to the address that GitHub names together with the token."""
        self._access, self._key = directory / names[0], directory / names[1]
        self._given = token
        self._send = send
        self._follows = follows
        self._tokens = Tokens(self._fetch)
        self._address = ""

    async def headers(self, request: UpstreamRequest) -> Mapping[str, str]:
        """Return the header that shows who asks, and turn the request to the user's own address."""
        token = await self._tokens.current()
        if self._follows and self._address:
            request.url = f"{self._address}/{request.url.split('/', 3)[-1]}"
        return {"authorization": f"Bearer {token}"}

    async def _fetch(self) -> Token:
        return await asyncio.to_thread(self._exchanged)

    def _exchanged(self) -> Token:
        kept = None if self._given else _read(self._key)
        if kept is not None and kept[0].expires_at > time.time() + 60:
            self._address = kept[1]
            return kept[0]
        status, answer = self._send(_EXCHANGE, {"authorization": f"token {self._user_token()}"}, None)
        found = _token_of(answer) if status == 200 else None
        if found is None:
            raise _refused(status, answer)
        if not self._given:
            keep(self._key, msgspec.json.encode(answer))
        token, self._address = found
        return token

    def _user_token(self) -> str:
        if self._given:
            return self._given
        try:
            token = self._access.read_text().strip()
        except OSError:
            token = ""
        if not token:
            raise UpstreamError(
                f"github_copilot: nobody is logged in ({self._access} holds no token); log in with `{LOGIN}`",
                provider=PROVIDER,
                status=401,
                type="authentication_error",
            )
        return token


def _refused(status: int, answer: Any) -> UpstreamError:
    said = answer.get("message") if isinstance(answer, dict) else None
    hint = f"; log in again with `{LOGIN}`" if status in (401, 403, 404) else ""
    return UpstreamError(
        f"github_copilot: GitHub gave no Copilot token ({status}: {said or 'no reason'}){hint}",
        provider=PROVIDER,
        status=401 if status in (401, 403, 404) else 502,
        type="authentication_error" if status in (401, 403, 404) else "api_error",
        retryable=True,
    )


def _token_of(answer: Any) -> tuple[Token, str] | None:
    """Return the short-lived token and the address it is good for."""
    if not isinstance(answer, dict) or not isinstance(answer.get("token"), str) or not answer["token"]:
        return None
    until, places = answer.get("expires_at"), answer.get("endpoints")
    address = places.get("api") if isinstance(places, dict) else None
    safe = isinstance(address, str) and address.startswith("https://")
    expires_at = float(until) if isinstance(until, (int, float)) else time.time() + _LIFE_S
    return Token(answer["token"], expires_at), str(address).rstrip("/") if safe else ""


def _read(path: Path) -> tuple[Token, str] | None:
    try:
        return _token_of(msgspec.json.decode(path.read_bytes()))
    except (OSError, msgspec.DecodeError, ValueError):
        return None


def keep(path: Path, content: bytes) -> bool:
    """Keep a secret in a file; says whether it could. A short-lived one may also be fetched anew."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError:
        return False
    return True


def places(environ: Mapping[str, str]) -> tuple[Path, tuple[str, str]]:
    """Return the folder of the files and their names."""
    directory = Path(environ.get("GITHUB_COPILOT_TOKEN_DIR") or DIRECTORY).expanduser()
    access = environ.get("GITHUB_COPILOT_ACCESS_TOKEN_FILE") or ACCESS_TOKEN
    return directory, (access, environ.get("GITHUB_COPILOT_API_KEY_FILE") or API_KEY)
