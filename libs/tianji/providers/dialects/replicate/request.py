"""An `Ask`: to the input of a prediction, and where it is made."""

from __future__ import annotations

import re

from msgspec import Struct, structs

from tianji.errors import BadRequest
from tianji.providers._params import Params
from tianji.providers.dialects.instructed import instruct
from tianji.providers.dialects.replicate.families import Family
from tianji.providers.dialects.transcript import transcribe
from tianji.providers.dialects.tuning import vendor_fields, write_tuning
from tianji.wire.chat.parts import write_url
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

_VERSION = re.compile(r"^[0-9a-f]{64}$")
_DEPLOYMENTS = "deployments/"
_PENALTIES = ("presence_penalty", "frequency_penalty")


class Place(Struct, frozen=True):
    """Where predictions of a model are made: a path, and the version where it is named."""

    path: str
    version: str | None = None


def place_of(model: str) -> Place:
    """Read a model's name: owner/name, owner/name:version, a version alone, or deployments/owner/name."""
    if model.startswith(_DEPLOYMENTS):
        return Place(f"/{model}/predictions")
    name, _, version = model.rpartition(":")
    if _VERSION.match(version):
        return Place("/predictions", version)
    return Place(f"/models/{name or version}/predictions")


def write(ask: Ask, family: Family, params: Params, provider: str) -> tuple[Object, list[str]]:
    """Return the body of a request but for the version, and what was dropped on the way."""
    changed: list[str] = []
    if ask.shape is not None:
        ask = instruct(ask, ask.shape)
    told = transcribe(ask, provider, with_tools=True)
    system, prompt = told.system, told.prompt
    if system and family.system is None:
        system, prompt = "", f"{system}\n\n{prompt}"
    given: Object = {"prompt": prompt}
    if system and family.system is not None:
        given[family.system] = system
    images = [write_url(image, "image/png") for image in told.images]
    if len(images) > 1 and not family.several_images:
        raise BadRequest(f"{provider}: this model takes one picture, not {len(images)}", param="messages")
    if images:
        given[family.image] = images if family.several_images else images[0]
    names = {"max_tokens": family.limit, "stop": family.stop}
    names |= {name: name for name in ("temperature", "top_p", "top_k", "seed", *_PENALTIES)}
    changed += write_tuning(given, ask, params, provider, names)
    if ask.stop:
        given[family.stop] = ",".join(ask.stop)
    if ask.thinking is not None and ask.thinking.effort is not None:
        given["reasoning_effort"] = ask.thinking.effort
    given |= vendor_fields(ask, params)
    body: Object = {"input": given}
    if ask.stream:
        body["stream"] = True
    return body, changed


def with_system_prompt(family: Family) -> Family:
    """Return the family for a model whose deployment says that it takes `system_prompt`."""
    return structs.replace(family, system=family.system or "system_prompt")
