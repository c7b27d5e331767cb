"""The body of a chat completion: to the modules of an orchestration."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from tianji.providers._params import Params
from tianji.providers.dialects.openai_chat.messages import objects
from tianji.providers.dialects.openai_chat.upstream import Quirk
from tianji.wire.values import Object

_MODULES = ("filtering", "masking", "grounding", "translation")
_BESIDE = ("placeholder_values", "messages_history")
_OF_PROMPT = ("tools", "response_format")
_KNOWN = ("role", "content", "tool_calls", "tool_call_id", "refusal")
_TEMPLATE = re.compile(r"\{[{%#]")
"""What begins something that the service fills in."""
_NAME = "text_{}"


def orchestrate(version: str) -> Quirk:
    """Return a quirk that turns a whole body into an orchestration of that model version."""

    def wrap(body: MutableMapping[str, Any], params: Params) -> list[str]:
        said = dict(body)
        body.clear()
        messages = [_message(message) for message in objects(said.pop("messages", []))]
        stream = said.pop("stream", None) is True
        own = {name: said.pop(name) for name in _BESIDE if name in said}
        if "placeholder_values" not in own and (values := _as_they_are(messages)):
            own["placeholder_values"] = values
        prompt: Object = {"template": messages}
        prompt |= {name: said.pop(name) for name in _OF_PROMPT if name in said}
        modules = {name: said.pop(name) for name in _MODULES if name in said}
        model = {"name": said.pop("model"), "version": said.pop("model_version", version)}
        said.pop("stream_options", None)
        if stream:
            said["stream_options"] = {"include_usage": True}
        templating = {"prompt": prompt, "model": model | {"params": said}}
        config: Object = {"modules": {"prompt_templating": templating, **modules}}
        if stream:
            config["stream"] = {"enabled": True}
        body["config"] = config
        body.update(own)
        return []

    return wrap


def _message(message: Object) -> Object:
    out = {name: message[name] for name in _KNOWN if message.get(name) is not None}
    out.setdefault("content", "")
    return out


def _as_they_are(messages: list[Object]) -> dict[str, str]:
    """Take texts that look like templates out of the messages, so that nothing is filled in there.

    What stands in their place is filled with them, once.
    """
    taken: dict[str, str] = {}

    def safe(text: Any) -> Any:
        if not isinstance(text, str) or not _TEMPLATE.search(text):
            return text
        name = _NAME.format(len(taken) + 1)
        taken[name] = text
        return f"{{{{?{name}}}}}"

    for message in messages:
        content = message["content"]
        if isinstance(content, list):
            message["content"] = [
                {**part, "text": safe(part["text"])} if isinstance(part, dict) and "text" in part else part
                for part in content
            ]
        else:
            message["content"] = safe(content)
    return taken
