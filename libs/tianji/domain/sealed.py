"""Credentials at rest: sealed with a key derived from the salt key, opened only where they are used.

Sealed values are Fernet tokens (authenticated encryption) behind a prefix that names the
format, so that a later format can stand beside it.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tianji.errors import TianjiError

_PREFIX = "sealed:1:"
_JSON = "json:"
"""Between prefix and token of what is not a text: a mapping or list that holds a credential."""


class SealBroken(TianjiError):
    """A stored credential cannot be decrypted: TIANJI_SALT_KEY is not the one it was stored with."""


class Sealer:
    """Seals and opens with one salt key."""

    def __init__(self, salt_key: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"tianji credentials").derive(salt_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, text: str) -> str:
        """Encrypt a credential."""
        return _PREFIX + self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Decrypt a credential. Raises SealBroken for another key's work or a damaged value."""
        if not sealed.startswith(_PREFIX):
            raise SealBroken("a stored credential is not in a sealed form that this version knows")
        try:
            return self._fernet.decrypt(sealed[len(_PREFIX) :].encode()).decode()
        except InvalidToken:
            raise SealBroken from None

    def seal_value(self, value: Any) -> str:
        """Encrypt a credential that may be more than a text, such as headers."""
        if isinstance(value, str):
            return self.seal(value)
        return _PREFIX + _JSON + self.seal(msgspec.json.encode(value).decode()).removeprefix(_PREFIX)

    def open_value(self, sealed: str) -> Any:
        """Decrypt what `seal_value` made. Raises SealBroken as `open` does."""
        if not sealed.startswith(_PREFIX + _JSON):
            return self.open(sealed)
        return msgspec.json.decode(self.open(_PREFIX + sealed.removeprefix(_PREFIX + _JSON)))
