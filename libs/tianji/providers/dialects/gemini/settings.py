"""Parameters of a request: to `generationConfig` and Google's own fields beside it."""

from __future__ import annotations

from tianji.providers._params import GATEWAY, Params
from tianji.providers.dialects.gemini.model import Model
from tianji.providers.dialects.gemini.shape import write_shape
from tianji.providers.dialects.gemini.thinking import write_thinking
from tianji.providers.dialects.tuning import vendor_fields, write_tuning
from tianji.wire.generate_content.spelling import DIALECT, camel
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

_NAMES = {
    "max_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "stop": "stopSequences",
    "seed": "seed",
    "n": "candidateCount",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
    "service_tier": "serviceTier",
}
_TIERS = {"flex": "flex", "priority": "priority", "default": "standard", "standard": "standard"}
"""OpenAI's tiers and Google's own; `auto` means to say nothing."""
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
_MERGED = frozenset(("generationConfig", "toolConfig"))
_ELSEWHERE = _TOP | _CONFIG | _MERGED | {"responseFormat"}


def write_settings(ask: Ask, model: Model, params: Params, provider: str) -> tuple[Object, list[str]]:
    """Return `generationConfig` and the fields beside it, and what was dropped or changed."""
    config: Object = {}
    changed = write_tuning(config, ask, params, provider, _NAMES)
    tier = _TIERS.get(config.pop("serviceTier", ""))
    config |= write_shape(ask, model)
    thinking, dropped = write_thinking(ask.thinking, model)
    if thinking:
        config["thinkingConfig"] = thinking
    config |= _sound_and_pictures(ask)
    out: Object = {"generationConfig": config}
    if tier is not None:
        out["serviceTier"] = tier
    changed += dropped + _own_fields(out, ask, params)
    if not config:
        del out["generationConfig"]
    return out, changed


def _sound_and_pictures(ask: Ask) -> Object:
    """Read OpenAI's `modalities` and `audio`."""
    out: Object = {}
    kinds, sound = ask.extra.get("modalities"), ask.extra.get("audio")
    if isinstance(kinds, list) and kinds:
        wanted = [str(kind).upper() for kind in kinds]
        # Models that speak give sound alone; OpenAI's clients always ask for text too.
        out["responseModalities"] = ["AUDIO"] if "AUDIO" in wanted else wanted
    voice = sound.get("voice") if isinstance(sound, dict) else None
    if isinstance(voice, str):
        out["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}
    return out


def _own_fields(out: Object, ask: Ask, params: Params) -> list[str]:
    """Put Google's own fields, in either spelling, where they belong; pass on what a chat client adds."""
    for name, value in ask.extra.items():
        theirs = camel(name)
        if theirs in _MERGED and isinstance(value, dict):
            merge(out.setdefault(theirs, {}), {camel(key): part for key, part in value.items()})
        elif theirs in _CONFIG:
            out["generationConfig"][theirs] = value
        elif theirs in _TOP or (ask.front == DIALECT and name not in GATEWAY):
            out[theirs] = value
    changed = []
    for name, value in vendor_fields(ask, params).items():
        if camel(name) not in _ELSEWHERE:
            out[name] = value
            changed.append(f"passed {name} on unread")
    return changed


def merge(into: Object, more: Object) -> None:
    """Put fields into an object, down to the innermost ones."""
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            into[name] = dict(into[name])
            merge(into[name], value)
        else:
            into[name] = value
