"""What Google's generateContent refuses in a conversation.

Written from https://ai.google.dev/api/generate-content and https://ai.google.dev/gemini-api/docs/thought-signatures.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from tianji_testkit.scripted.contract import (
    Refused,
    names,
)
from tianji_testkit.scripted.script import Call, Result, Seen, seal

_PART_DATA = names(
    "text inlineData functionCall functionResponse fileData executableCode codeExecutionResult"
)
_PART_MORE = names("thought thoughtSignature videoMetadata partMetadata mediaResolution")
_UNSIGNED = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")
"""What Google lets stand for the signature of a call that its model never made."""


def signature(call: Call | Mapping[str, Any]) -> str:
    """Sign a call as the provider does."""
    name, arguments = (call.name, call.arguments) if isinstance(call, Call) else (call["name"], call["args"])
    return base64.b64encode(seal("gemini", name, sorted(arguments.items())).encode()).decode()


def invalid(what: str) -> Refused:
    """Refuse a request as invalid."""
    return Refused(what, type="INVALID_ARGUMENT")


def unknown(name: str, place: str) -> Refused:
    """Refuse a field that Google's messages do not have."""
    where = f" at '{place}'" if place else ""
    return invalid(f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')


def parts_of(content: Any, place: str) -> list[Mapping[str, Any]]:
    """Return the parts of a turn; each must hold one thing that Google knows."""
    parts = content.get("parts")
    if not parts:
        raise invalid(f"* GenerateContentRequest.{place}.parts: contents.parts must not be empty.")
    for number, part in enumerate(parts):
        where = f"{place}.parts[{number}]"
        for name in part:
            if name not in _PART_DATA | _PART_MORE:
                raise unknown(name, where)
        if len(part.keys() & _PART_DATA) != 1:
            raise invalid(
                f"* GenerateContentRequest.{where}.data: required oneof field 'data' must have one"
                " initialized field"
            )
        if part.get("text") == "":
            raise invalid("Unable to submit request because it must have a text parameter.")
    return parts


class Conversation:
    """Checks turns one after another."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.open: list[Mapping[str, Any]] = []
        """The calls that the next turn must answer."""

    def read(self, contents: Any) -> None:
        """Check all of them, and take from them what the script needs."""
        if not contents:
            raise invalid("* GenerateContentRequest.contents: contents is not specified")
        turns: list[tuple[str, list[Mapping[str, Any]]]] = []
        for at, content in enumerate(contents):
            role, parts = _role(content), parts_of(content, f"contents[{at}]")
            # Turns of one side in a row are one: Google's own SDK sends an answer back piece by piece.
            if turns and turns[-1][0] == role:
                turns[-1][1].extend(parts)
            else:
                turns.append((role, list(parts)))
        if turns[0][0] == "model":
            raise invalid("Please ensure that the first turn is a user's.")
        if turns[-1][0] == "model":
            raise invalid(
                "Please ensure that multiturn requests end with a user role or a function response."
            )
        asked = [
            at for at, (_, parts) in enumerate(turns) if at % 2 == 0 and len(_answers(parts)) < len(parts)
        ]
        for at, (role, parts) in enumerate(turns):
            if role == "model":
                self._said(parts, at, current=at > max(asked, default=-1))
            else:
                self._asked(parts)

    def _said(self, parts: list[Mapping[str, Any]], at: int, *, current: bool) -> None:
        self.open = [part["functionCall"] for part in parts if "functionCall" in part]
        for number, call in enumerate(self.open):
            if not isinstance(call.get("args", {}), dict):
                raise invalid(
                    f"Invalid value at 'contents[{at}].parts[{number}].function_call.args' (Struct)"
                )
        signed = [part for part in parts if "functionCall" in part]
        for number, part in enumerate(signed):
            given = part.get("thoughtSignature")
            if given is None and (number or not current):
                continue
            if given is None:
                raise invalid(
                    "Function call is missing a thought_signature in functionCall parts. This is required"
                    " for tools to work correctly. Additional data, function call"
                    f" `{part['functionCall']['name']}`, position {at}."
                )
            if given not in (signature(part["functionCall"]), *_known_unsigned()):
                raise invalid("Thought signature is not valid.")

    def _asked(self, parts: list[Mapping[str, Any]]) -> None:
        answers = _answers(parts)
        if len(answers) != len(self.open):
            raise invalid(
                "Please ensure that the number of function response parts is equal to the number of function"
                " call parts of the function call turn."
            )
        self.seen.results, self.seen.images, self.seen.said = [], [], ""
        waiting = list(self.open)
        for answer in answers:
            response = answer.get("response")
            if not isinstance(response, dict):
                raise invalid("Invalid value at 'function_response.response' (google.protobuf.Struct)")
            call = next((one for one in waiting if _answered_by(one, answer)), None)
            if call is None:
                raise invalid(f"Function response `{answer.get('name')}` has no function call.")
            waiting.remove(call)
            text = _response_text(response) + "".join(
                f"<{part['inlineData']['mimeType']}>" for part in answer.get("parts") or []
            )
            self.seen.results.append(Result(call["name"], call.get("args", {}), text))
        self.open = []
        for part in parts:
            if "text" in part:
                self.seen.said += part["text"]
            elif "inlineData" in part:
                if not part["inlineData"].get("mimeType"):
                    raise invalid("Unable to submit request because it must have a mimeType parameter.")
                self.seen.images.append(part["inlineData"]["mimeType"])
            elif "fileData" in part:
                self.seen.images.append("url")


def _known_unsigned() -> tuple[str, ...]:
    return _UNSIGNED + tuple(base64.b64encode(one.encode()).decode() for one in _UNSIGNED)


def _role(content: Mapping[str, Any]) -> str:
    role = content.get("role", "user")
    if role not in ("user", "model", "function"):
        raise invalid("Please use a valid role: user, model.")
    return "user" if role == "function" else role


def _answers(parts: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [part["functionResponse"] for part in parts if "functionResponse" in part]


def _answered_by(call: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    if call.get("id") and answer.get("id"):
        return bool(call["id"] == answer["id"] and call["name"] == answer.get("name"))
    return bool(call["name"] == answer.get("name"))


def _response_text(response: Mapping[str, Any]) -> str:
    """Return what a result says: the one value of a wrapping object, or all of it."""
    for name in ("output", "result", "content", "response", "error"):
        if isinstance(response.get(name), str):
            return str(response[name])
    return msgspec.json.encode(response).decode()
