"""Checks a request's AWS Signature Version 4 by working it out again.

Written from https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote

from tianji_testkit.scripted.contract import Asked

_FORM = re.compile(
    r"^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request,"
    r" ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$"
)


def signed(asked: Asked, key_id: str, secret: str, service: str) -> bool:
    """Say whether a request is signed with this key for this service."""
    found = _FORM.match(asked.headers.get("authorization", ""))
    if found is None:
        return False
    who, day, region, for_service, names, given = found.groups()
    if (who, for_service) != (key_id, service):
        return False
    moment = asked.headers.get("x-amz-date", "")
    scope = f"{day}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{_digest(_canonical(asked, names))}"
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), given)


def _canonical(asked: Asked, names: str) -> bytes:
    path, _, query = asked.target.partition("?")
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, True))
    headers = "".join(f"{name}:{asked.headers.get(name, '').strip()}\n" for name in names.split(";"))
    lines = (
        asked.method,
        quote(path, safe="/-_.~"),
        "&".join(f"{k}={v}" for k, v in pairs),
        headers,
        names,
        hashlib.sha256(asked.body).hexdigest(),
    )
    return "\n".join(lines).encode()


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
