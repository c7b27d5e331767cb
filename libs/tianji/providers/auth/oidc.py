"""Tokens by which others vouch for this gateway, and references that say where it finds them: `oidc/…`."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct

from tianji.providers.auth.google_transport import Transport

PREFIX = "oidc/"
_VARIABLES = {"circleci": "CIRCLE_OIDC_TOKEN", "circleci_v2": "CIRCLE_OIDC_TOKEN_V2"}
_FILE_VARIABLES = {"azure": "AZURE_FEDERATED_TOKEN_FILE"}


class NoIdentity(Exception):
    """There is no token where a reference says one is; the message quotes none."""


class _Github(Struct):
    value: str


def is_reference(token: str) -> bool:
    """Say whether a token is not the token, but says where the gateway finds it."""
    return token.startswith((PREFIX, "/"))


def identity_token(token: str) -> str:
    """Return a token, read anew each time, since whoever writes it replaces it. Raises NoIdentity, OSError.

    Called in a thread: some are asked for over HTTP.
    """
    if token.startswith("/"):
        return Path(token).read_text().strip()
    if not token.startswith(PREFIX):
        return token
    kind, _, rest = token.removeprefix(PREFIX).partition("/")
    if kind == "file":
        return Path("/" + rest.lstrip("/")).read_text().strip()
    if kind == "env" or kind in _VARIABLES:
        return _variable(_VARIABLES.get(kind, rest))
    if kind == "env_path" or kind in _FILE_VARIABLES:
        return Path(_variable(_FILE_VARIABLES.get(kind, rest))).read_text().strip()
    if kind == "google":
        return _of_google(rest)
    if kind == "github":
        return _of_github(rest)
    raise NoIdentity(f"'{PREFIX}{kind}/…' is not known here")


def _of_google(audience: str) -> str:
    """Ask Google, as which the machine is known there, for a token."""
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2 import id_token

    try:
        token: str = id_token.fetch_id_token(Transport(), audience)
    except GoogleAuthError as error:
        raise NoIdentity(str(error)) from None
    return token


def _of_github(audience: str) -> str:
    """Ask GitHub, in one of whose runners we are, for a token."""
    url = f"{_variable('ACTIONS_ID_TOKEN_REQUEST_URL')}&audience={quote(audience, safe='')}"
    asked = {"authorization": f"Bearer {_variable('ACTIONS_ID_TOKEN_REQUEST_TOKEN')}"}
    from google.auth.exceptions import GoogleAuthError

    try:
        answer = Transport()(url, headers=asked)
        return msgspec.json.decode(answer.data, type=_Github).value
    except (GoogleAuthError, msgspec.DecodeError):
        raise NoIdentity("GitHub gave no token") from None


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise NoIdentity(f"the variable {name} is not set")
    return value
