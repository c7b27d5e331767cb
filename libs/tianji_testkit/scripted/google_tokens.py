"""Google's token endpoint, and the key file of a service account that asks there.

Written from https://developers.google.com/identity/protocols/oauth2/service-account.
"""

from __future__ import annotations

import functools
from urllib.parse import parse_qs

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

TOKEN = "ya29.scripted"
PATH = "google_tokens"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def granted(body: bytes) -> bytes | None:
    """Return the answer to a request for a token; None for one that Google would refuse."""
    said = parse_qs(body.decode(errors="replace"))
    if said.get("grant_type") != [_GRANT] or said.get("assertion", [""])[0].count(".") != 2:
        return None
    return msgspec.json.encode({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})


def service_account(root: str) -> str:
    """Return the key file of a service account, as JSON."""
    account = {
        "type": "service_account",
        "project_id": "scripted",
        "private_key_id": "1",
        "private_key": _private_key(),
        "client_email": "gateway@scripted.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{root}/{PATH}/token",
    }
    return msgspec.json.encode(account).decode()


@functools.cache
def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
