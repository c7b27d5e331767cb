"""Google's generateContent, at AI Studio and on Vertex AI.

Written from https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/thought-signatures
and https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tianji_testkit.scripted.contract import (
    Asked,
    Refused,
    Reply,
    Shows,
    bearer,
    fresh,
    names,
    pieces_of,
    sse,
)
from tianji_testkit.scripted.google_schema import check_schema
from tianji_testkit.scripted.google_turns import Conversation, invalid, parts_of, signature, unknown
from tianji_testkit.scripted.script import Said, Seen, Tokens

_FIELDS = names(
    "contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent labels model"
    " serviceTier"
)
_CONFIG = names(
    "stopSequences responseMimeType responseSchema responseJsonSchema responseModalities candidateCount"
    " maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs"
    " enableEnhancedCivicAnswers speechConfig thinkingConfig imageConfig mediaResolution audioTimestamp"
    " routingConfig"
)


class Gemini:
    """AI Studio."""

    stream_type = "text/event-stream"
    shows = Shows(thought=True, cached=True, reasoning=True)
    path = re.compile(r"^/(v1beta|v1|v1alpha)/models/[^/:]+:(generateContent|streamGenerateContent)$")

    def __init__(self, name: str = "gemini", key: str = "sk-upstream") -> None:
        self.name = name
        self.key = key

    def serves(self, path: str) -> bool:
        """Say whether a path is one of the API's."""
        return self.path.match(path) is not None

    def read(self, asked: Asked) -> Seen:
        """Check a request as Google would."""
        if not self.serves(asked.path):
            raise Refused("Requested entity was not found.", status=404, type="NOT_FOUND")
        self.check_key(asked)
        if asked.path.endswith(":streamGenerateContent") and asked.query.get("alt") != "sse":
            raise invalid("the test reads streams of events only: say alt=sse")
        body = camel(asked.json, "")
        for name in body:
            if name not in _FIELDS:
                raise unknown(name, "")
        seen = Seen(system=_system(body.get("systemInstruction")))
        _read_tools(body, seen)
        _read_config(body.get("generationConfig") or {}, seen)
        Conversation(seen).read(body.get("contents"))
        return seen

    def check_key(self, asked: Asked) -> None:
        """Want the key in Google's header or the query."""
        if self.key not in (asked.headers.get("x-goog-api-key"), asked.query.get("key")):
            raise self.failure("auth")

    def streams(self, asked: Asked) -> bool:
        """Say whether a stream was asked for."""
        return asked.path.endswith(":streamGenerateContent")

    def whole(self, said: Said, asked: Asked) -> bytes:
        """Write an answer."""
        parts: list[dict[str, Any]] = [{"text": said.thought, "thought": True}] if said.thought else []
        parts += [{"text": said.text}] if said.text else []
        return msgspec.json.encode(_answer(asked, parts + _calls(said), said.tokens, "STOP"))

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Write an answer in pieces; usage grows with them."""
        runs = [[{"text": piece, "thought": True}] for piece in pieces_of(said.thought)]
        runs += [[{"text": piece}] for piece in pieces_of(said.text)]
        runs += [[call] for call in _calls(said)]
        early = Tokens(said.tokens.input, 0, said.tokens.cached, 0)
        out = [_answer(asked, parts, early, None) for parts in runs]
        out.append(_answer(asked, [{"text": ""}], said.tokens, "STOP"))
        return [sse(msgspec.json.encode(one)).replace(b"\n", b"\r\n") for one in out]

    def failure(self, name: str) -> Refused:
        """Return a failure in Google's words."""
        match name:
            case "auth":
                what = "API key not valid. Please pass a valid API key."
                return Refused(what, type="INVALID_ARGUMENT", code="API_KEY_INVALID")
            case "rate_limit":
                what = "You exceeded your current quota. Please retry in 7s."
                return Refused(what, status=429, type="RESOURCE_EXHAUSTED", headers={"retry": "7s"})
            case "context":
                return invalid(
                    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
                )
        return Refused("The model is overloaded. Please try again later.", status=503, type="UNAVAILABLE")

    def refusal(self, refused: Refused) -> Reply:
        """Write an error body."""
        body = msgspec.json.encode(_error(refused))
        return Reply(refused.status, {"content-type": "application/json; charset=UTF-8"}, [body])

    def broken(self, refused: Refused) -> bytes:
        """Write an error as an event."""
        return sse(msgspec.json.encode(_error(refused)))


class Vertex(Gemini):
    """Vertex AI: another address, and a token instead of a key."""

    path = re.compile(
        r"^/(v1|v1beta1)/projects/[^/]+/locations/[^/]+/publishers/google/models/[^/:]+"
        r":(generateContent|streamGenerateContent)$"
    )

    def check_key(self, asked: Asked) -> None:
        """Want an access token."""
        if not bearer(asked, self.key):
            raise self.failure("auth")

    def failure(self, name: str) -> Refused:
        """Word a missing token as Vertex does."""
        if name == "auth":
            what = "Request had invalid authentication credentials. Expected OAuth 2 access token."
            return Refused(what, status=401, type="UNAUTHENTICATED")
        return super().failure(name)


def _error(refused: Refused) -> dict[str, Any]:
    details: list[dict[str, Any]] = []
    if refused.code:
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": refused.code})
    if delay := refused.headers.get("retry"):
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    error = {"code": refused.status, "message": refused.what, "status": refused.type or "INVALID_ARGUMENT"}
    return {"error": error | ({"details": details} if details else {})}


_OPEN = ("args", "response", "parametersJsonSchema", "responseJsonSchema", "properties", "labels")
"""Where names are the user's own."""


def camel(value: Any, name: str) -> Any:
    """Return a body with its names in camel case: Google takes both."""
    if isinstance(value, list):
        return [camel(item, name) for item in value]
    if not isinstance(value, dict) or name in _OPEN[:4]:
        return value
    if name in _OPEN:
        return {key: camel(item, "") for key, item in value.items()}
    named = {re.sub(r"_([a-z])", lambda m: m[1].upper(), key): item for key, item in value.items()}
    return {key: camel(item, key) for key, item in named.items()}


def _system(content: Any) -> str:
    if content is None:
        return ""
    for at, part in enumerate(parts_of(content, "system_instruction")):
        if "text" not in part:
            raise invalid(f"system_instruction.parts[{at}]: only text is supported")
    return "".join(part["text"] for part in content["parts"])


def _read_tools(body: Mapping[str, Any], seen: Seen) -> None:
    for at, tool in enumerate(body.get("tools") or []):
        for number, function in enumerate(tool.get("functionDeclarations") or []):
            place = f"tools[{at}].function_declarations[{number}]"
            for name in function:
                if name not in (
                    "name",
                    "description",
                    "parameters",
                    "parametersJsonSchema",
                    "responseJsonSchema",
                    "response",
                    "behavior",
                ):
                    raise unknown(name, place)
            if not re.match(r"^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$", function.get("name", "")):
                raise invalid(
                    f"Invalid function name. Must start with a letter or an underscore. [{place}.name]"
                )
            if "parameters" in function and "parametersJsonSchema" in function:
                raise invalid(f"{place}: parameters and parameters_json_schema are mutually exclusive")
            check_schema(function.get("parameters"), f"{place}.parameters")
            seen.tools[function["name"]] = (
                function.get("parametersJsonSchema") or function.get("parameters") or {}
            )
    config = (body.get("toolConfig") or {}).get("functionCallingConfig")
    if config is None:
        return
    if not seen.tools:
        raise invalid("Function calling config is set without function_declarations.")
    allowed = config.get("allowedFunctionNames") or []
    if allowed and config.get("mode") not in ("ANY", "VALIDATED"):
        raise invalid("Allowed function names should be set only when function calling mode is ANY.")
    if config.get("mode") == "ANY":
        seen.forced = allowed[0] if len(allowed) == 1 else ""


def _read_config(config: Mapping[str, Any], seen: Seen) -> None:
    for name in config:
        if name not in _CONFIG:
            raise unknown(name, "generation_config")
    thinking = config.get("thinkingConfig") or {}
    for name in thinking:
        if name not in ("includeThoughts", "thinkingBudget", "thinkingLevel"):
            raise unknown(name, "generation_config.thinking_config")
    if "thinkingBudget" in thinking and "thinkingLevel" in thinking:
        raise invalid("You can only set only one of thinking budget and thinking level.")
    seen.thinks = thinking.get("includeThoughts") is True
    schema = config.get("responseSchema")
    check_schema(schema, "generation_config.response_schema")
    schema = schema or config.get("responseJsonSchema")
    if schema is not None and config.get("responseMimeType") != "application/json":
        raise invalid("Response schema is only supported with response mime type application/json")
    if config.get("responseMimeType") == "application/json":
        seen.shape = schema or {}


def _calls(said: Said) -> list[dict[str, Any]]:
    """Write calls; of several at once only the first is signed."""
    parts: list[dict[str, Any]] = []
    for at, call in enumerate(said.calls):
        part: dict[str, Any] = {"functionCall": {"name": call.name, "args": call.arguments}}
        if at == 0:
            part["thoughtSignature"] = signature(call)
        parts.append(part)
    return parts


def _answer(asked: Asked, parts: list[dict[str, Any]], tokens: Tokens, finish: str | None) -> dict[str, Any]:
    usage = {
        "promptTokenCount": tokens.input,
        "cachedContentTokenCount": tokens.cached,
        "totalTokenCount": tokens.input + tokens.output,
    }
    if tokens.output:
        usage["candidatesTokenCount"] = tokens.output - tokens.reasoning
    if tokens.reasoning:
        usage["thoughtsTokenCount"] = tokens.reasoning
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    head = {"modelVersion": "gemini-3-pro-preview", "responseId": fresh(asked)}
    return {"candidates": [candidate], "usageMetadata": usage, **head}
