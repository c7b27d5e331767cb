"""Thoughts as OpenRouter tells them: `reasoning_details`, each signed by the model's own vendor.

A vendor refuses thoughts that come back changed, so that each keeps its format and its id. Clients'
formats have no fields for these: they travel inside the signature, with the mark of this form.
Anthropic's signatures stay as they are, since they hold wherever Claude is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tianji.wire.neutral import Reasoning
from tianji.wire.signers import ANTHROPIC, marked, signer_of
from tianji.wire.values import Object

SIGNER = "details"
_CLAUDE = "anthropic-claude-v1"


def read_details(details: Any) -> list[Reasoning]:
    """Read the details of a whole answer."""
    return [
        thought
        for detail in (details if isinstance(details, list) else ())
        if isinstance(detail, dict) and (thought := read_detail(detail)) is not None
    ]


def read_detail(detail: Object) -> Reasoning | None:
    """Read one detail, whole or a delta of a stream; None for one that says nothing."""
    match detail.get("type"):
        case "reasoning.encrypted":
            data = detail.get("data")
            return Reasoning(encrypted=_signed(detail, data)) if isinstance(data, str) and data else None
        case "reasoning.summary":
            text = detail.get("summary")
        case _:
            text = detail.get("text")
    signature = detail.get("signature")
    thought = Reasoning(
        text if isinstance(text, str) else "", summary=detail.get("type") == "reasoning.summary"
    )
    if isinstance(signature, str) and signature:
        thought.signature = _signed(detail, signature)
    return thought if thought.text or thought.signature else None


def _signed(detail: Object, signature: str) -> str:
    form = detail.get("format")
    if form == _CLAUDE:
        return signature
    return marked(SIGNER, f"{form or ''}:{detail.get('id') or ''}:{signature}")


def write_details(thoughts: Iterable[Any]) -> list[Object]:
    """Write entries of `thinking_blocks` as details; what another provider signed is left out."""
    found: list[Object] = []
    for thought in thoughts:
        if not isinstance(thought, dict):
            continue
        encrypted = thought.get("type") == "redacted_thinking"
        origin = _origin(thought.get("data" if encrypted else "signature"))
        if origin is None:
            continue
        kept, signature = origin
        said: Object = (
            {"type": "reasoning.encrypted", "data": signature}
            if encrypted
            else {"type": "reasoning.text", "text": thought.get("thinking") or "", "signature": signature}
        )
        found.append({**said, **kept, "index": len(found)})
    return found


def _origin(signed: Any) -> tuple[Object, str] | None:
    """Return what a detail said besides, and its own signature; None if it is not of this form."""
    if not isinstance(signed, str):
        return None
    signer, own = signer_of(signed)
    if signer == ANTHROPIC:
        return {"format": _CLAUDE}, own
    if signer != SIGNER:
        return None
    form, _, rest = own.partition(":")
    identity, _, signature = rest.partition(":")
    return {"format": form or None, **({"id": identity} if identity else {})}, signature
