"""Parameters of a request: to `generationConfig` and Google's own fields beside it."""

from __future__ import annotations

import msgspec

from tianji.errors import UnsupportedParameter
from tianji.providers._params import GATEWAY, Params
from tianji.providers.dialects.gemini.model import Model
from tianji.providers.dialects.gemini.schema import json_schema
from tianji.providers.dialects.gemini.thinking import write_thinking
from tianji.wire.generate_content.spelling import DIALECT, camel
from tianji.wire.neutral import Ask, Shape, Tool
from tianji.wire.values import Object

_SIMPLE = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "max_tokens": "maxOutputTokens",
    "stop": "stopSequences",
    "seed": "seed",
    "n": "candidateCount",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}
_TOP = frozenset(("safetySettings", "cachedContent", "labels", "modelArmorConfig"))
_CONFIG = frozenset(
    (
        "audioTimestamp",
        "imageConfig",
        "mediaResolution",
        "responseJsonSchema",
        "responseMimeType",
        "responseModalities",
        "responseSchema",
        "routingConfig",
        "speechConfig",
        "thinkingConfig",
    )
)
_TIERS = {"flex": "flex", "priority": "priority", "default": "standard", "standard": "standard"}
"""OpenAI's tiers and Google's own; `auto` means to say nothing."""
_MERGED = ("generationConfig", "toolConfig")
_IGNORED = frozenset(
    (
        "audio",
        "modalities",
        "moderation",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "response_format",
        "safety_identifier",
        "store",
        "stream_options",
        "verbosity",
        "web_search_options",
    )
)
"""Parameters of other formats that change nothing here, or are read elsewhere."""
_JSON = "application/json"


def write_settings(ask: Ask, model: Model, params: Params) -> tuple[Object, list[str]]:
    """Return `generationConfig` and the fields beside it, and what was dropped or changed."""
    changed = _refuse(ask, params)
    config: Object = {}
    for name, theirs in _SIMPLE.items():
        value = getattr(ask, name)
        if value not in (None, []) and not (name == "logprobs" and value is False):
            config[theirs] = value
    config |= _shape(ask, model)
    if thinking := write_thinking(ask.thinking, model):
        config["thinkingConfig"] = thinking
    config |= _sound_and_pictures(ask)
    out: Object = {"generationConfig": config}
    if ask.service_tier in _TIERS:
        out["serviceTier"] = _TIERS[ask.service_tier]
    changed += _own_fields(out, ask, params)
    if not config:
        del out["generationConfig"]
    return out, changed


def instructions(ask: Ask, model: Model) -> str | None:
    """Return the schema in words, for models that take none beside tools."""
    shape = ask.shape
    if shape is None or shape.kind == "text" or not _beside_tools(ask, model):
        return None
    told = "When you give your final answer, give one JSON object and nothing else."
    if shape.schema is None:
        return told
    return f"{told} It must follow this JSON Schema:\n{msgspec.json.encode(shape.schema).decode()}"


def _beside_tools(ask: Ask, model: Model) -> bool:
    return not model.shapes_with_tools and any(isinstance(tool, Tool) for tool in ask.tools)


def _shape(ask: Ask, model: Model) -> Object:
    shape: Shape | None = ask.shape
    if shape is None or shape.kind == "text" or _beside_tools(ask, model):
        return {}
    if shape.kind == "json_object" or shape.schema is None:
        return {"responseMimeType": _JSON}
    return {"responseMimeType": _JSON, "responseJsonSchema": json_schema(shape.schema)}


def _sound_and_pictures(ask: Ask) -> Object:
    """Read OpenAI's `modalities` and `audio`."""
    out: Object = {}
    kinds, sound = ask.extra.get("modalities"), ask.extra.get("audio")
    if isinstance(kinds, list) and kinds:
        out["responseModalities"] = [str(kind).upper() for kind in kinds]
        if "AUDIO" in out["responseModalities"]:
            # Models that speak give sound alone; OpenAI's clients always ask for text too.
            out["responseModalities"] = ["AUDIO"]
    voice = sound.get("voice") if isinstance(sound, dict) else None
    if isinstance(voice, str):
        out["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}
    return out


def _own_fields(out: Object, ask: Ask, params: Params) -> list[str]:
    """Put Google's own fields, in either spelling, where they belong; pass on what is not known."""
    config, changed = out["generationConfig"], []
    for name, value in ask.extra.items():
        theirs = camel(name)
        if theirs in _MERGED and isinstance(value, dict):
            held = out.setdefault(theirs, {})
            held |= {camel(key): part for key, part in value.items()}
        elif theirs in _CONFIG:
            config[theirs] = value
        elif theirs in _TOP or (ask.front == DIALECT and name not in GATEWAY):
            out[theirs] = value
        elif name not in GATEWAY and (name not in _IGNORED or name in params.allowed):
            out[name] = value
            changed.append(f"passed {name} on unread")
    return changed


def _refuse(ask: Ask, params: Params) -> list[str]:
    """Refuse what Gemini cannot do, or drop it where the deployment says so."""
    changed = []
    if ask.logit_bias and "logit_bias" not in params.allowed:
        if not params.drop:
            raise UnsupportedParameter(
                "gemini does not support the parameter 'logit_bias'; leave it out or set drop_params",
                param="logit_bias",
            )
        changed.append("dropped logit_bias")
    changed += [f"dropped {name}" for name in ("user", "metadata") if getattr(ask, name) is not None]
    if ask.parallel_tool_calls is False:
        changed.append("dropped parallel_tool_calls: Gemini decides how many tools it calls")
    return changed
