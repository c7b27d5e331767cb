"""Amazon Bedrock's Converse and ConverseStream, with a model of Anthropic's behind.

Written from https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html; the
sentences of the refusals from what the API answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tianji_testkit.scripted.anthropic_turns import signature
from tianji_testkit.scripted.contract import Asked, Refused, Reply, Shows, bearer, names, pieces_of
from tianji_testkit.scripted.eventstream import frame
from tianji_testkit.scripted.script import Call, Result, Said, Seen, Tokens
from tianji_testkit.scripted.sigv4 import signed

KEY_ID, SECRET = "AKIDSCRIPTED", "scripted/secret"
_FIELDS = names(
    "messages system inferenceConfig toolConfig guardrailConfig additionalModelRequestFields promptVariables"
    " additionalModelResponseFieldPaths requestMetadata performanceConfig serviceTier outputConfig"
)
_BLOCKS = names(
    "text image document video audio toolUse toolResult guardContent cachePoint reasoningContent"
    " citationsContent searchResult"
)
_INFERENCE = frozenset(("maxTokens", "temperature", "topP", "stopSequences"))
_ID = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
_PATH = re.compile(r"^/model/[^/]+/(converse|converse-stream)$")


class Bedrock:
    """Converse."""

    name = "bedrock"
    stream_type = "application/vnd.amazon.eventstream"
    shows = Shows(thought=True, cached=True)

    def serves(self, path: str) -> bool:
        """Say whether a path is one of the API's."""
        return _PATH.match(path) is not None

    def read(self, asked: Asked) -> Seen:
        """Check a request as Bedrock would."""
        if not self.serves(asked.path):
            raise Refused("Unknown operation", status=404, type="UnknownOperationException")
        if not bearer(asked, "sk-upstream") and not signed(asked, KEY_ID, SECRET, "bedrock"):
            raise self.failure("auth")
        body = asked.json
        for name in body:
            if name not in _FIELDS:
                raise invalid(f"extraneous key [{name}] is not permitted")
        for name in body.get("inferenceConfig") or {}:
            if name not in _INFERENCE:
                raise invalid(f"extraneous key [inferenceConfig.{name}] is not permitted")
        seen = Seen(system=_system(body.get("system") or []))
        more = body.get("additionalModelRequestFields") or {}
        thinking = more.get("thinking") or {}
        seen.thinks = thinking.get("type") in ("enabled", "adaptive")
        limit = (body.get("inferenceConfig") or {}).get("maxTokens")
        if thinking.get("type") == "enabled" and limit is not None and limit <= thinking["budget_tokens"]:
            raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
        _read_tools(body.get("toolConfig"), seen)
        form = ((body.get("outputConfig") or {}).get("textFormat") or {}).get("structure")
        if form is not None:
            seen.shape = msgspec.json.decode(form["jsonSchema"]["schema"])
        _Conversation(seen, bool(body.get("toolConfig"))).read(body.get("messages"))
        return seen

    def streams(self, asked: Asked) -> bool:
        """Say whether a stream was asked for."""
        return asked.path.endswith("/converse-stream")

    def whole(self, said: Said, asked: Asked) -> bytes:
        """Write an answer."""
        content: list[dict[str, Any]] = []
        if said.thought:
            thought = {"text": said.thought, "signature": signature(said.thought)}
            content.append({"reasoningContent": {"reasoningText": thought}})
        content += [{"text": said.text}] if said.text else []
        content += [{"toolUse": {**_use(call), "input": call.arguments}} for call in said.calls]
        return msgspec.json.encode(
            {
                "metrics": {"latencyMs": 551},
                "output": {"message": {"role": "assistant", "content": content}},
                "stopReason": _stop(said),
                "usage": _usage(said.tokens),
            }
        )

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Write the events of an answer."""
        out, at = [_event("messageStart", role="assistant")], 0

        def delta(value: dict[str, Any]) -> None:
            out.append(_event("contentBlockDelta", contentBlockIndex=at, delta=value))

        if said.thought:
            for piece in pieces_of(said.thought):
                delta({"reasoningContent": {"text": piece}})
            delta({"reasoningContent": {"signature": signature(said.thought)}})
            out.append(_event("contentBlockStop", contentBlockIndex=at))
            at += 1
        if said.text:
            for piece in pieces_of(said.text):
                delta({"text": piece})
            out.append(_event("contentBlockStop", contentBlockIndex=at))
            at += 1
        for call in said.calls:
            out.append(_event("contentBlockStart", contentBlockIndex=at, start={"toolUse": _use(call)}))
            for piece in pieces_of(msgspec.json.encode(call.arguments).decode()):
                delta({"toolUse": {"input": piece}})
            out.append(_event("contentBlockStop", contentBlockIndex=at))
            at += 1
        out.append(_event("messageStop", stopReason=_stop(said)))
        out.append(_event("metadata", metrics={"latencyMs": 551}, usage=_usage(said.tokens)))
        return out

    def failure(self, name: str) -> Refused:
        """Return a failure in Bedrock's words."""
        match name:
            case "auth":
                what = "The security token included in the request is invalid."
                return Refused(what, status=403, type="UnrecognizedClientException")
            case "rate_limit":
                what = "Too many requests, please wait before trying again."
                return Refused(what, status=429, type="ThrottlingException")
            case "context":
                return invalid("Input is too long for requested model.")
            case "policy":
                return invalid("Output blocked by content filtering policy")
        what = "Bedrock is unable to process your request."
        return Refused(what, status=503, type="ServiceUnavailableException")

    def refusal(self, refused: Refused) -> Reply:
        """Write an error body; its kind stands in a header."""
        kind = refused.type or "ValidationException"
        headers = {
            "content-type": "application/json",
            "x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/",
        }
        return Reply(refused.status, headers, [msgspec.json.encode({"message": refused.what})])

    def broken(self, refused: Refused) -> bytes:
        """Write an error as an exception within a stream."""
        kind = refused.type[:1].lower() + refused.type[1:]
        headers = {
            ":exception-type": kind,
            ":content-type": "application/json",
            ":message-type": "exception",
        }
        return frame(headers, msgspec.json.encode({"message": refused.what}))


def invalid(what: str) -> Refused:
    """Refuse a request as invalid."""
    return Refused(what, type="ValidationException")


def _system(blocks: list[Mapping[str, Any]]) -> str:
    for at, block in enumerate(blocks):
        if block.get("text") == "":
            raise invalid(f"The text field in the SystemContentBlock object at system.{at} is blank.")
    return "".join(block.get("text", "") for block in blocks)


def _read_tools(config: Mapping[str, Any] | None, seen: Seen) -> None:
    if config is None:
        return
    if not config.get("tools"):
        raise invalid(
            "1 validation error detected: Value at 'toolConfig.tools' failed to satisfy: length >= 1"
        )
    for at, tool in enumerate(config["tools"]):
        if "toolSpec" not in tool:
            continue
        spec = tool["toolSpec"]
        if not re.match(r"^[a-zA-Z0-9_-]{1,64}$", spec.get("name", "")):
            raise invalid(
                f"Value at 'toolConfig.tools.{at}.member.toolSpec.name' failed to satisfy constraint"
            )
        if spec.get("description") == "":
            raise invalid(f"Value at 'toolConfig.tools.{at}.member.toolSpec.description': length >= 1")
        schema = (spec.get("inputSchema") or {}).get("json")
        if not isinstance(schema, dict) or schema.get("type") != "object":
            raise invalid(
                f"The value at toolConfig.tools.{at}.toolSpec.inputSchema.json.type must be one of: object."
            )
        seen.tools[spec["name"]] = schema
    choice = config.get("toolChoice") or {}
    if len(choice) > 1 or choice.keys() - {"auto", "any", "tool"}:
        raise invalid("toolConfig.toolChoice: exactly one of auto, any, tool")
    if "any" in choice:
        seen.forced = ""
    elif "tool" in choice:
        seen.forced = choice["tool"]["name"]
    if seen.forced is not None and seen.thinks:
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")


class _Conversation:
    """Checks turns one after another."""

    def __init__(self, seen: Seen, tools: bool) -> None:
        self.seen = seen
        self.tools = tools
        self.calls: dict[str, Mapping[str, Any]] = {}

    def read(self, messages: Any) -> None:
        if not messages or messages[0].get("role") != "user":
            raise invalid(
                "A conversation must start with a user message. Try again with a conversation that starts"
                " with a user message."
            )
        before = None
        for at, message in enumerate(messages):
            role, content = message.get("role"), message.get("content")
            if role not in ("user", "assistant") or role == before:
                raise invalid(
                    "A conversation must alternate between user and assistant roles. Make sure the"
                    " conversation alternates between user and assistant roles and try again."
                )
            before = role
            if not content:
                raise invalid(
                    f"The content field in the Message object at messages.{at} is empty. Add a ContentBlock"
                    " object to the content field and try again."
                )
            for number, block in enumerate(content):
                self._check(block, f"messages.{at}.content.{number}")
            if role == "assistant":
                self._said(content)
            else:
                self._asked(content, at)
        if self.calls:
            raise invalid("The conversation ends with toolUse blocks without toolResult blocks.")

    def _check(self, block: Mapping[str, Any], place: str) -> None:
        if len(block) != 1 or not block.keys() <= _BLOCKS:
            raise invalid(f"The content block at {place} must set one known member: {sorted(block)}")
        if "text" in block and not block["text"].strip():
            raise invalid(
                f"The text field in the ContentBlock object at {place} is blank. Add text to the text"
                " field, and try again."
            )
        if block.keys() & {"toolUse", "toolResult"} and not self.tools:
            raise invalid(
                "The toolConfig field must be defined when using toolUse and toolResult content blocks."
            )
        if "toolUse" in block:
            use = block["toolUse"]
            if not _ID.match(use.get("toolUseId", "")):
                raise invalid(
                    f"Value at '{place}.toolUse.toolUseId' failed to satisfy: [a-zA-Z0-9_-]{{1,64}}"
                )
            if not isinstance(use.get("input"), dict):
                raise invalid(
                    f"The format of the value at {place}.toolUse.input is invalid. Provide a json object for"
                    " the field and try again."
                )
        if "reasoningContent" in block:
            thought = block["reasoningContent"].get("reasoningText")
            if thought and thought.get("signature") != signature(thought["text"]):
                raise invalid(f"{place}: Invalid `signature` in `thinking` block")

    def _said(self, content: list[Mapping[str, Any]]) -> None:
        if self.calls:
            raise invalid(f"Expected toolResult blocks for the following Ids: {', '.join(self.calls)}")
        self.calls = {b["toolUse"]["toolUseId"]: b["toolUse"] for b in content if "toolUse" in b}
        if len(self.calls) != sum("toolUse" in block for block in content):
            raise invalid("The toolUse blocks contain duplicate Ids.")

    def _asked(self, content: list[Mapping[str, Any]], at: int) -> None:
        seen = self.seen
        seen.results, seen.images, seen.said = [], [], ""
        answers = [block["toolResult"] for block in content if "toolResult" in block]
        if len(answers) > len(self.calls):
            raise invalid(
                f"The number of toolResult blocks at messages.{at}.content exceeds the number of toolUse"
                " blocks of previous turn."
            )
        for answer in answers:
            call = self.calls.pop(answer.get("toolUseId"), None)
            if call is None:
                raise invalid(f"toolResult block at messages.{at} has no toolUse: {answer.get('toolUseId')}")
            seen.results.append(Result(call["name"], call["input"], _result_text(answer, at)))
        if self.calls:
            raise invalid(
                f"Expected toolResult blocks at messages.{at}.content for the following Ids:"
                f" {', '.join(self.calls)}"
            )
        for block in content:
            if "text" in block:
                seen.said += block["text"]
            elif "image" in block:
                image = block["image"]
                if image.get("format") not in ("png", "jpeg", "gif", "webp") or not (
                    image["source"].keys() & {"bytes", "s3Location"}
                ):
                    raise invalid(f"messages.{at}: the image's format or source is not supported")
                seen.images.append(f"image/{image['format']}")
            elif "document" in block:
                seen.images.append("document")


def _result_text(answer: Mapping[str, Any], at: int) -> str:
    text = ""
    content = answer.get("content")
    if content is None:
        raise invalid(f"The content field of the toolResult at messages.{at} is missing.")
    for block in content:
        if block.get("text") == "":
            raise invalid(f"The text field in the ToolResultContentBlock object at messages.{at} is blank.")
        if "json" in block and not isinstance(block["json"], dict):
            raise invalid("toolResult.content.json: provide a json object")
        text += block.get("text") or (msgspec.json.encode(block["json"]).decode() if "json" in block else "")
        if "image" in block:
            text += f"<image/{block['image']['format']}>"
    return text


def _use(call: Call) -> dict[str, Any]:
    return {"toolUseId": f"tooluse_Scr1pted_{call.number}", "name": call.name}


def _stop(said: Said) -> str:
    return "tool_use" if said.calls else "end_turn"


def _usage(tokens: Tokens) -> dict[str, int]:
    return {
        "inputTokens": tokens.input - tokens.cached,
        "outputTokens": tokens.output,
        "totalTokens": tokens.input + tokens.output,
        "cacheReadInputTokens": tokens.cached,
        "cacheWriteInputTokens": 0,
    }


def _event(kind: str, **value: Any) -> bytes:
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, msgspec.json.encode({**value, "p": "abcdefgh"}))
