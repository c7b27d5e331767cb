"""Oracle Cloud's request signatures: each request is signed with a user's RSA key.

Written here, since it is a page of code: Oracle's own library brings clients for all of its services,
and takes longer to import than the gateway to start.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest, UpstreamError
from tianji.providers.auth.oauth import Authorize
from tianji.providers.contract import Setting, UpstreamRequest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_SIGNED = "date (request-target) host content-length content-type x-content-sha256"
_TYPE = "application/json"

SETTINGS = (
    Setting("oci_user", "the user, an OCID", ("OCI_USER",)),
    Setting("oci_tenancy", "the tenancy, an OCID", ("OCI_TENANCY",)),
    Setting("oci_fingerprint", "the fingerprint of the user's key", ("OCI_FINGERPRINT",)),
    Setting("oci_key", "the user's private key, as PEM", ("OCI_KEY",), secret=True),
    Setting("oci_key_file", "a file with it", ("OCI_KEY_FILE",)),
)


class Signer(Struct, frozen=True):
    """Who signs: a user of a tenancy, with one of its keys, as PEM or as a file's path."""

    name: str
    pem: str = ""
    path: str = ""

    def __repr__(self) -> str:
        """Show who signs, never the key."""
        return f"Signer({self.name})"

    async def headers(self, request: UpstreamRequest) -> Mapping[str, str]:
        """Return the headers that sign a request. Raises UpstreamError for a key that cannot be read."""
        return await asyncio.to_thread(self._sign, request)

    def _sign(self, request: UpstreamRequest) -> Mapping[str, str]:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        date = formatdate(usegmt=True)
        digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        lines = (
            f"date: {date}",
            f"(request-target): {request.method.lower()} {target}",
            f"host: {parts.netloc}",
            f"content-length: {len(request.body)}",
            f"content-type: {_TYPE}",
            f"x-content-sha256: {digest}",
        )
        try:
            key = _load(self.pem, self.path)
        except (OSError, ValueError, TypeError) as error:
            raise UpstreamError(
                f"oci: the private key cannot be read ({type(error).__name__})",
                provider="oci",
                status=401,
                type="authentication_error",
                retryable=True,
            ) from None
        signature = base64.b64encode(key.sign("\n".join(lines).encode(), PKCS1v15(), SHA256())).decode()
        return {
            "date": date,
            "content-type": _TYPE,
            "x-content-sha256": digest,
            "authorization": (
                f'Signature version="1",keyId="{self.name}",algorithm="rsa-sha256",'
                f'headers="{_SIGNED}",signature="{signature}"'
            ),
        }


@lru_cache(maxsize=64)
def _load(pem: str, path: str) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key((pem or Path(path).expanduser().read_text()).encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


def signer(said: Mapping[str, str], deployment: Deployment) -> Authorize:
    """Return what signs the requests of a deployment. Raises BadRequest naming what is missing."""
    for name in ("oci_user", "oci_tenancy", "oci_fingerprint"):
        if not said.get(name):
            raise BadRequest(f"oci: a deployment needs {name} or the variable {name.upper()}", param=name)
    pem, path = said.get("oci_key", "").replace("\\n", "\n"), said.get("oci_key_file", "")
    if not pem and not path:
        raise BadRequest("oci: a deployment needs oci_key or oci_key_file", param="oci_key")
    if path and deployment.params.get("oci_key_file") and deployment.source != "file":
        raise BadRequest(
            "oci_key_file: a model made by an API call names the key itself, not a file", param="oci_key_file"
        )
    name = f"{said['oci_tenancy']}/{said['oci_user']}/{said['oci_fingerprint']}"
    return Signer(name, pem, "" if pem else path).headers
