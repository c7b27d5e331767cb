"""An `Ask`: to the body of a Converse request."""

from __future__ import annotations

from tianji.errors import UnsupportedParameter
from tianji.providers._params import GATEWAY, Params
from tianji.providers.dialects.anthropic.betas import betas_of
from tianji.providers.dialects.converse.blocks import Blocks
from tianji.providers.dialects.converse.model import CLAUDE, NOVA, Model
from tianji.providers.dialects.converse.shape import prepared, write_shape
from tianji.providers.dialects.converse.thinking import Unsupported, write_thinking
from tianji.providers.dialects.converse.tools import write_choice, write_tools
from tianji.providers.dialects.converse.turns import write_turns
from tianji.providers.dialects.tuning import vendor_fields, write_tuning
from tianji.wire.messages.blocks import DIALECT as MESSAGES
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

_INFERENCE = {
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "stop": "stopSequences",
}
_OURS = ("top_k", "service_tier", "parallel_tool_calls")
"""What Converse takes too, but not among the plain parameters."""
_TOP = frozenset(
    (
        "guardrailConfig",
        "performanceConfig",
        "promptVariables",
        "requestMetadata",
        "additionalModelResponseFieldPaths",
        "outputConfig",
        "serviceTier",
    )
)
"""Fields of Converse itself that clients and deployments may say."""
_OWN = "additionalModelRequestFields"
_TIERS = ("default", "priority", "flex", "reserved")
_NOT_PASSED = GATEWAY | {"stream_options"}
_SAMPLING = {"temperature": 1, "topP": 0.95}
"""What Claude takes of these while it thinks, at least."""


def write(ask: Ask, model: Model, params: Params, betas: tuple[str, ...] = ()) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped or changed on the way.

    `betas` are the features of Anthropic's that the deployment asks for.
    """
    ask = prepared(ask, model)
    blocks = Blocks(model)
    system, messages = write_turns(ask, model, blocks)
    body: Object = {"messages": messages}
    if system:
        body["system"] = system
    own: Object = {}
    said: Object = {}
    changed = write_tuning(said, ask, params, "bedrock", _INFERENCE | {name: name for name in _OURS})
    inference = {name: value for name, value in said.items() if name not in _OURS}
    changed += _clean(inference, ask, model, params)
    _write_vendor_fields(body, own, ask, model, params)
    if ask.top_k is not None:
        changed += _write_top_k(own, ask.top_k, model, params)
    thinks, noted = _think(own, inference, ask, model, params)
    changed += noted
    config, native = write_tools(ask, model, blocks)
    if native:
        own["tools"] = native
    more: Object = {}
    if config:
        more, noted = write_choice(config, ask, model, free=thinks)
        changed += noted
    write_shape(body, config, ask, model, free=thinks)
    if thinks and model.perhaps_claude:
        changed += _suit_thinking(own, inference, params)
    if config:
        body["toolConfig"] = config
    if inference:
        body["inferenceConfig"] = inference
    if "stopSequences" in inference and model.family == CLAUDE:
        # Only so does Bedrock say which of them was met.
        body.setdefault("additionalModelResponseFieldPaths", ["/stop_sequence"])
    if ask.service_tier in _TIERS:
        body.setdefault("serviceTier", {"type": ask.service_tier})
    own |= more
    _write_betas(own, native, betas, model)
    if own:
        body[_OWN] = {**own, **body.get(_OWN, {})}
    return body, changed


def _clean(inference: Object, ask: Ask, model: Model, params: Params) -> list[str]:
    changed = []
    if ask.stop:
        # Blank stop sequences are refused, which other providers take.
        inference["stopSequences"] = [text for text in ask.stop if text.strip()]
        if not inference["stopSequences"]:
            del inference["stopSequences"]
            changed.append("dropped stop")
    if not model.claude.sampling and (params.drop or params.modify):
        for name in _SAMPLING:
            if inference.pop(name, None) is not None:
                changed.append(f"dropped {name}")
    return changed


def _write_vendor_fields(body: Object, own: Object, ask: Ask, model: Model, params: Params) -> None:
    """Pass on what the client or the deployment says beside the format: to Converse, or to the model."""
    for name, value in ask.extra.items():
        if name in _TOP or name == _OWN:
            body[name] = value
    said = vendor_fields(ask, params)
    if ask.front == MESSAGES and model.perhaps_claude:
        said = ask.extra
    for name, value in said.items():
        if name not in body and name not in _NOT_PASSED and not name.startswith("aws_"):
            own[name] = value


def _write_top_k(own: Object, top_k: int, model: Model, params: Params) -> list[str]:
    if model.family == NOVA:
        own["inferenceConfig"] = {"topK": top_k}
    elif model.family == "cohere":
        own["k"] = top_k
    elif model.family in ("titan", "meta", "ai21", "openai") or not model.claude.sampling:
        if not params.drop:
            raise UnsupportedParameter(
                "bedrock: this model does not support the parameter 'top_k'; leave it out or set drop_params",
                param="top_k",
            )
        return ["dropped top_k"]
    else:
        own["top_k"] = top_k
    return []


def _think(own: Object, inference: Object, ask: Ask, model: Model, params: Params) -> tuple[bool, list[str]]:
    try:
        return write_thinking(own, inference, ask, model, params)
    except Unsupported:
        if params.drop or params.modify:
            return False, ["dropped reasoning_effort"]
        raise UnsupportedParameter(
            "bedrock: this model takes no word about how much it thinks; leave 'reasoning_effort' and"
            " 'thinking' out or set drop_params",
            param="reasoning_effort",
        ) from None


def _suit_thinking(own: Object, inference: Object, params: Params) -> list[str]:
    """Take out what may not stand beside Claude's thinking, where the deployment lets us."""
    if not (params.drop or params.modify):
        return []
    changed = []
    for name, least in _SAMPLING.items():
        if inference.get(name, least) < least:
            del inference[name]
            changed.append(f"dropped {name}")
    if own.pop("top_k", None) is not None:
        changed.append("dropped top_k")
    return changed


def _write_betas(own: Object, native: list[Object], betas: tuple[str, ...], model: Model) -> None:
    if not model.perhaps_claude:
        return
    said = own.get("anthropic_beta")
    client = said if isinstance(said, list) else [said] if isinstance(said, str) else []
    needed = betas_of({"tools": native} if native else {}) + betas_of(own)
    if found := list(dict.fromkeys([*betas, *client, *needed])):
        own["anthropic_beta"] = found
