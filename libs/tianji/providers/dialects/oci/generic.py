"""The generic chat of Oracle Cloud: OpenAI's in camel case, with flat calls and words in capitals."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from tianji.providers._params import Params
from tianji.providers.dialects.events import object_of, objects_of
from tianji.providers.dialects.openai_chat.messages import objects
from tianji.providers.dialects.openai_chat.upstream import Quirk
from tianji.wire.values import Object

_NAMES = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "stop": "stop",
    "seed": "seed",
    "n": "numGenerations",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "logit_bias": "logitBias",
    "top_logprobs": "logProbs",
    "parallel_tool_calls": "isParallelToolCalls",
    "verbosity": "verbosity",
    "metadata": "metadata",
}
_SAID_OTHERWISE = ("model", "messages", "tools", "tool_choice", "response_format", "stream", "stream_options")
_IGNORED = ("user", "logprobs", "store", "service_tier")


def in_oracles_words(compartment: str, serving: Object, *, limit: str) -> Quirk:
    """Return a quirk that turns a whole body into Oracle's; `limit` is the model's name for one."""

    def write(body: MutableMapping[str, Any], params: Params) -> list[str]:
        said = dict(body)
        body.clear()
        chat: Object = {
            "apiFormat": "GENERIC",
            "messages": [_message(message) for message in objects(said.get("messages", []))],
        }
        for name in ("max_tokens", "max_completion_tokens"):
            if name in said:
                chat[limit] = said.pop(name)
        if said.get("tools"):
            chat["tools"] = [_tool(tool) for tool in objects(said["tools"])]
            if (choice := _choice(said.get("tool_choice"))) is not None:
                chat["toolChoice"] = choice
        if isinstance(said.get("response_format"), dict):
            chat["responseFormat"] = _shape(said["response_format"])
        effort = said.pop("reasoning_effort", None)
        if isinstance(effort, str):
            chat["reasoningEffort"] = effort.upper()
        if said.get("stream") is True:
            chat |= {"isStream": True, "streamOptions": {"isIncludeUsage": True}}
        ignored = [f"dropped {name}" for name in _IGNORED if said.pop(name, None) is not None]
        rest = {name: value for name, value in said.items() if name not in _SAID_OTHERWISE}
        chat |= {_NAMES.get(name, name): value for name, value in rest.items()}
        body.update(compartmentId=compartment, servingMode=serving, chatRequest=chat)
        return ignored

    return write


def _message(message: Object) -> Object:
    out: Object = {"role": str(message.get("role")).upper()}
    content = message.get("content")
    if isinstance(content, str) and content:
        out["content"] = [{"type": "TEXT", "text": content}]
    elif isinstance(content, list):
        out["content"] = [_part(part) for part in objects(content)]
    calls = [
        {"type": "FUNCTION", "id": call.get("id"), **object_of(call.get("function"))}
        for call in objects(message.get("tool_calls") or [])
    ]
    if calls:
        out["toolCalls"] = calls
    if "tool_call_id" in message:
        out["toolCallId"] = message["tool_call_id"]
    if isinstance(message.get("name"), str):
        out["name"] = message["name"]
    return out


def _part(part: Object) -> Object:
    if part.get("type") == "image_url":
        image = object_of(part.get("image_url"))
        detail = {"detail": str(image["detail"]).upper()} if image.get("detail") else {}
        return {"type": "IMAGE", "imageUrl": {"url": image.get("url"), **detail}}
    if part.get("type") == "text":
        return {"type": "TEXT", "text": part.get("text")}
    return part


def _tool(tool: Object) -> Object:
    function = object_of(tool.get("function"))
    kept: Object = {
        name: function[name] for name in ("name", "description", "parameters") if name in function
    }
    return {"type": "FUNCTION"} | kept


def _choice(choice: Any) -> Object | None:
    if isinstance(choice, str):
        return {"type": choice.upper()}
    function = object_of(object_of(choice).get("function"))
    return {"type": "FUNCTION", "name": function["name"]} if "name" in function else None


def _shape(shape: Object) -> Object:
    kind = str(shape.get("type")).upper()
    described = object_of(shape.get("json_schema"))
    if not described:
        return {"type": kind}
    names = {"name": "name", "description": "description", "schema": "schema", "strict": "isStrict"}
    return {"type": kind, "jsonSchema": {names[name]: described[name] for name in names if name in described}}


def completion(whole: Object) -> Object:
    """Return a whole answer as a chat completion."""
    response = object_of(whole.get("chatResponse"))
    choices = response.get("choices")
    return {
        "id": "",
        "model": whole.get("modelId"),
        "choices": [_said(choice, "message") for choice in objects_of(choices)] if choices else choices,
        "usage": _usage(response.get("usage")),
    }


def chunk(event: Object) -> Object:
    """Return an event of a stream as a chunk."""
    if "message" not in event and "finishReason" not in event and "usage" not in event:
        return event
    if isinstance(event.get("message"), str):  # an error, whose message is no turn
        return {"error": event}
    choices = [_said(event, "delta")] if "message" in event or event.get("finishReason") else []
    return {"choices": choices, "usage": _usage(event.get("usage"))}


def _said(choice: Object, name: str) -> Object:
    message = object_of(choice.get("message"))
    texts = [part for part in objects_of(message.get("content")) if isinstance(part.get("text"), str)]
    thought = message.get("reasoningContent")
    turn: Object = {"content": "".join(part["text"] for part in texts if part.get("type") == "TEXT") or None}
    if isinstance(thought, str) and thought:
        turn["reasoning_content"] = thought
    calls = [_call(call, at, streamed=name == "delta") for at, call in enumerate(_calls(message))]
    if calls:
        turn["tool_calls"] = calls
    return {
        "index": choice.get("index") or 0,
        name: turn,
        "finish_reason": choice.get("finishReason"),
    }


def _calls(message: Object) -> list[Object]:
    return objects_of(message.get("toolCalls"))


def _call(call: Object, at: int, *, streamed: bool) -> Object:
    """Return a call; pieces of one in a stream are told apart by their ids alone, where they have any."""
    function = {"name": call.get("name") or "", "arguments": call.get("arguments") or ""}
    place = {} if streamed else {"index": at}
    return {**place, "id": call.get("id") or "", "type": "function", "function": function}


def _usage(usage: Any) -> Object | None:
    said = object_of(usage)
    if not said:
        return None
    read, written = object_of(said.get("promptTokensDetails")), object_of(said.get("completionTokensDetails"))
    return {
        "prompt_tokens": said.get("promptTokens") or 0,
        "completion_tokens": said.get("completionTokens") or 0,
        "total_tokens": said.get("totalTokens") or 0,
        "prompt_tokens_details": {"cached_tokens": read.get("cachedTokens") or 0},
        "completion_tokens_details": {"reasoning_tokens": written.get("reasoningTokens") or 0},
    }
