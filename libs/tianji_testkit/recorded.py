"""Recorded exchanges with providers: loaded from files, cut as a network would cut them, judged by facts.

A recording holds a request, the provider's answer, and the facts that any reader of that answer
must find in it: text, tool calls, usage, why it stopped.
"""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zlib import crc32

ROOT = Path(__file__).resolve().parents[2]
BESIDE = ROOT.parent / "shared" / "wire"
"""A larger collection that may stand next to the checkout; it is not part of it."""

_SIZES = (1, 7, 64, 300, 2000)


@dataclass(frozen=True)
class Exchange:
    """One recorded exchange."""

    id: str
    provider: str
    api: str
    stream: bool
    request: dict[str, Any]
    openai_request: dict[str, Any] | None
    status: int
    headers: dict[str, str]
    body: bytes
    expect: dict[str, Any]
    path: str = ""

    def __str__(self) -> str:
        return self.id

    @property
    def model(self) -> str:
        """The model that was asked for."""
        named = re.search(r"/(?:model|endpoints)/([^/]+(?:/[^/]+)?)/(?:converse|invo)", self.path)
        in_path = unquote(named.group(1)) if named else None
        return str(in_path or self.request.get("model") or self.expect.get("model") or "some-model")

    def pieces(self) -> Iterator[bytes]:
        """Cut the answer at odd places, each time at the same ones."""
        sizes, at = random.Random(self.id), 0
        while at < len(self.body):
            size = sizes.choice(_SIZES)
            yield self.body[at : at + size]
            at += size


def recorded(folder: Path, *apis: str) -> list[Exchange]:
    """Load the exchanges of `provider/api` folders that hold facts; none where the folder is not there."""
    return [
        exchange
        for api in apis
        for path in sorted((folder / api).glob("*.json"))
        if (exchange := _load(json.loads(path.read_text(encoding="utf-8")))) is not None
    ]


def _load(raw: dict[str, Any]) -> Exchange | None:
    expect, answer = raw.get("expect"), raw["response"]
    if (
        not expect
        or "embeddings" in expect
        or expect.get("conflict")
        or "hand-made" in (raw.get("origin") or "")
    ):
        return None
    if (answer.get("sse") or "").count("event: message_start") > 1:
        return None  # several answers in one file, or one begun anew: its facts are of the last one alone
    asked = raw.get("request") or {}
    said = asked.get("json")
    request: dict[str, Any] = said if isinstance(said, dict) else {}
    openai = raw.get("openai_request")
    text = next((answer[kind] for kind in ("sse", "ndjson", "text") if answer.get(kind)), "")
    body = (json.dumps(answer["json"]) if "json" in answer else text).encode()
    if "base64" in answer:
        body = base64.b64decode(answer["base64"])
    if raw["provider"] == "bedrock" and raw.get("stream") and answer["status"] < 400 and not _sound(body):
        return None  # no binary event stream, or one whose checksums somebody made up
    return Exchange(
        raw["id"],
        raw["provider"],
        raw["api"],
        bool(raw.get("stream")),
        request,
        request if openai == "=request.json" else openai,
        answer["status"],
        {name.lower(): str(value) for name, value in (answer.get("headers") or {}).items()},
        body,
        expect,
        asked.get("url_path") or "",
    )


def _sound(stream: bytes) -> bool:
    """Say whether a binary event stream is whole."""
    whole = bool(stream)
    while len(stream) >= 16:
        length = int.from_bytes(stream[:4], "big")
        if length < 16 or crc32(stream[: length - 4]) != int.from_bytes(stream[length - 4 : length], "big"):
            return False
        stream = stream[length:]
    return whole and not stream
