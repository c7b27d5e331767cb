"""Models of Bedrock as configs name them: a way to call, a region and a vendor may stand before the id."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from msgspec import Struct

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers.auth.aws import is_region
from tianji.providers.dialects.converse.model import family_of

CONVERSE, CONVERSE_LIKE, INVOKE = "converse", "converse_like", "invoke"
CHAT, MANTLE, PLATFORM = "chat_completions", "mantle", "claude_platform"
_WAYS = (CONVERSE, CONVERSE_LIKE, INVOKE, CHAT, MANTLE, PLATFORM)
_NOT_SERVED = ("agent", "agentcore", "async_invoke")
_VENDORS = {
    "ai21": "ai21",
    "amazon": "titan",
    "anthropic": "anthropic",
    "cohere": "cohere",
    "deepseek_r1": "deepseek",
    "llama": "meta",
    "meta": "meta",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "nova": "nova",
    "nova-2": "nova",
    "openai": "openai",
    "qwen2": "qwen",
    "qwen3": "qwen",
}
IMPORTED = ("deepseek_r1", "llama", "moonshot", "openai", "qwen2", "qwen3")
"""Marks of models that an account has imported; Bedrock serves these by `invoke` alone."""


class Named(Struct, frozen=True):
    """A model's name, taken apart."""

    way: str
    id: str
    """What stands in the address: a model's id or an ARN."""
    known_as: str
    """By which name tables know it."""
    region: str | None = None
    family: str = ""
    mark: str = ""
    """The vendor's mark in front of the id, such as `deepseek_r1`."""

    @property
    def quoted(self) -> str:
        """The id as one segment of a path."""
        return quote(self.id, safe="")


def read_name(deployment: Deployment) -> Named:
    """Take a deployment's model apart. Raises BadRequest for what is not served here."""
    way, region, mark, rest = "", None, "", deployment.model.removeprefix("bedrock/")
    while not rest.startswith("arn:"):
        first, slash, tail = rest.partition("/")
        if not slash:
            break
        if first in _NOT_SERVED:
            raise BadRequest(f"bedrock: models of the kind '{first}/' are not served by chat", param="model")
        if first in _WAYS:
            way = way or first
        elif first in _VENDORS:
            mark = mark or first
        elif is_region(first):
            region = region or first
        elif not _commitment(first):
            break
        rest = tail
    given: Any = deployment.params.get("model_id")
    identity = str(given) if given else rest
    if not identity:
        raise BadRequest("bedrock: the model has no name", param="model")
    base: Any = deployment.info.get("base_model") or deployment.params.get("base_model")
    known_as = str(base or _named_in(rest))
    return Named(
        way or (INVOKE if mark in IMPORTED else CONVERSE),
        identity,
        known_as,
        region or _region_of_arn(identity),
        _VENDORS.get(mark) or family_of(known_as) or family_of(identity),
        mark,
    )


def _named_in(rest: str) -> str:
    """Return the model that an inference profile's ARN names; other ARNs name none."""
    name = rest.rpartition("/")[2]
    return name if rest.startswith("arn:") and "." in name else rest


def _commitment(part: str) -> bool:
    """Say whether a part only tells of prices: `1-month-commitment`."""
    return part.endswith("-commitment") or part == "*"


def _region_of_arn(identity: str) -> str | None:
    if not identity.startswith("arn:"):
        return None
    parts = identity.split(":", 4)
    return parts[3] or None if len(parts) > 3 else None
