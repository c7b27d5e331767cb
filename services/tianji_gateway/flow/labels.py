"""Under which names a request is counted: its customer, agent, tags, session and metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from tianji_gateway.flow.identify import Principal
from tianji_gateway.flow.receive import Inference, object_of, value_of

_LONGEST = 256
_MOST_TAGS = 50
_MOST_METADATA = 16_384
_FIELDS = frozenset({"litellm_metadata", "litellm_session_id", "metadata", "tags", "user"})
_HEADERS = frozenset(
    {
        b"x-litellm-agent-id",
        b"x-litellm-customer-id",
        b"x-litellm-end-user-id",
        b"x-litellm-session-id",
        b"x-litellm-spend-logs-metadata",
        b"x-litellm-tags",
        b"x-openwebui-user-id",
    }
)
_END_USER_HEADERS = (b"x-litellm-end-user-id", b"x-litellm-customer-id", b"x-openwebui-user-id")


class Labels(Struct, frozen=True):
    """Under which names a request's spend is found again."""

    end_user: str | None = None
    agent_id: str | None = None
    """What the request says; an agent that the key is of goes before it."""
    session_id: str | None = None
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)


NO_LABELS = Labels()


def labels_of(inference: Inference, principal: Principal) -> Labels:
    """Read a request's labels, before `prepare` takes the gateway's own fields out; add its caller's tags."""
    fields = inference.fields
    given = _given(principal)
    if _FIELDS.isdisjoint(fields) and _HEADERS.isdisjoint(inference.call.headers):
        return Labels(tags=_cleaned(given)) if given else NO_LABELS
    metadata = _metadata(inference)
    return Labels(
        end_user=_end_user(inference, metadata),
        agent_id=_short(inference.call.header(b"x-litellm-agent-id") or metadata.get("agent_id")),
        session_id=_short(
            inference.call.header(b"x-litellm-session-id")
            or value_of(fields, "litellm_session_id")
            or metadata.get("session_id")
        ),
        tags=_cleaned(_said(inference, metadata) + given),
        metadata=dict(metadata),
    )


def _metadata(inference: Inference) -> Mapping[str, Any]:
    own = "litellm_metadata" if "litellm_metadata" in inference.fields else "metadata"
    raw = inference.fields.get(own)
    header = inference.call.headers.get(b"x-litellm-spend-logs-metadata")
    metadata = object_of(inference.fields, own) if raw and len(bytes(raw)) <= _MOST_METADATA else {}
    if header is not None and len(header) <= _MOST_METADATA:
        try:
            metadata = {**metadata, **msgspec.json.decode(header, type=dict[str, Any])}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # a label that cannot be read is no reason to refuse a request
    return metadata


def _end_user(inference: Inference, metadata: Mapping[str, Any]) -> str | None:
    for name in _END_USER_HEADERS:
        if name in inference.call.headers:
            return _short(inference.call.header(name))
    user = value_of(inference.fields, "user") or metadata.get("user_id")
    numbered = isinstance(user, int) and not isinstance(user, bool)
    return _short(str(user) if numbered else user)


def _said(inference: Inference, metadata: Mapping[str, Any]) -> list[object]:
    found: list[object] = []
    header = inference.call.header(b"x-litellm-tags")
    if header:
        found += [tag.strip() for tag in header.split(",")]
    for said in (value_of(inference.fields, "tags"), metadata.get("tags")):
        if isinstance(said, list):
            found += said
    return found


def _given(principal: Principal) -> list[object]:
    """Return the tags that every call of this key, team and project carries."""
    found: list[object] = []
    for holder in (principal.key, principal.team, principal.project):
        if holder is not None and isinstance(tags := holder.metadata.get("tags"), list):
            found += tags
    return found


def _cleaned(found: list[object]) -> list[str]:
    tags = dict.fromkeys(tag[:_LONGEST] for tag in found if isinstance(tag, str) and tag)
    return list(tags)[:_MOST_TAGS]


def _short(text: object) -> str | None:
    return text[:_LONGEST] if isinstance(text, str) and text else None
