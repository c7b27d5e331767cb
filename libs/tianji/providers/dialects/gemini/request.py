"""An `Ask`: to the body of a generateContent request."""

from __future__ import annotations

from tianji.providers._params import Params
from tianji.providers.dialects.gemini.model import Model
from tianji.providers.dialects.gemini.settings import merge, write_settings
from tianji.providers.dialects.gemini.shape import instructions
from tianji.providers.dialects.gemini.tools import write_tools
from tianji.providers.dialects.gemini.turns import write_turns
from tianji.wire.neutral import Ask
from tianji.wire.values import Object


def write(ask: Ask, model: Model, params: Params, provider: str) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped or changed on the way."""
    system, contents = write_turns(ask, model)
    told = instructions(ask, model)
    if told is not None:
        system.append({"text": told})
    body: Object = {"contents": contents}
    if system:
        body["systemInstruction"] = {"parts": system}
    body |= write_tools(ask, model)
    settings, changed = write_settings(ask, model, params, provider)
    merge(body, settings)
    return body, changed
