"""Parts of a content: to blocks.

Kinds that only Google has, such as code that it ran itself, are `Opaque` blocks.
"""

from __future__ import annotations

from collections.abc import Callable

from tianji.wire import values
from tianji.wire.call_ids import part as without_signature
from tianji.wire.generate_content import media, signatures
from tianji.wire.generate_content.spelling import DIALECT, fields
from tianji.wire.neutral import Block, Opaque, Reasoning, Text, ToolCall, ToolResult
from tianji.wire.values import Object, optional, required, string

_SAID = ("output", "result")


def read_parts(said: object, at: str) -> list[Block]:
    """Read `parts`: a list, or a single part where Google's SDKs allow one."""
    items = said if isinstance(said, list) else [said]
    return [read_part(item, f"{at}[{number}]") for number, item in enumerate(items)]


def read_part(said: object, at: str) -> Block:
    """Read one part."""
    if isinstance(said, str):
        return Text(said)
    part = fields(said, at)
    for name, reader in _READERS.items():
        if part.get(name) is not None:
            return reader(part, at)
    if part.get("thought") is True or part.get("thoughtSignature") is not None:
        return _text({"text": "", **part}, at)
    return Opaque(DIALECT, part)


def _text(part: Object, at: str) -> Block:
    text = required(string, part, "text", at)
    signature = optional(string, part, "thoughtSignature", at)
    if part.get("thought") is True or (signature is not None and not text):
        thought = Reasoning(text)
        return thought if signature is None else signatures.read_signature(thought, signature)
    block = Text(text)
    if signature is not None and not signatures.is_sealed(signature):
        block.extra[DIALECT] = {"thoughtSignature": signatures.standard(signature)}
    return block


def _call(part: Object, at: str) -> Block:
    place = f"{at}.functionCall"
    call = fields(part["functionCall"], place)
    identity, signature = without_signature(optional(string, call, "id", place) or "")
    said = optional(string, part, "thoughtSignature", at)
    if said is not None and not signatures.is_sealed(said):
        signature = signatures.standard(said)
    return ToolCall(
        identity,
        required(string, call, "name", place),
        values.encode(optional(values.mapping, call, "args", place) or {}).decode(),
        signature=signature,
    )


def _result(part: Object, at: str) -> Block:
    place = f"{at}.functionResponse"
    result = fields(part["functionResponse"], place)
    response = optional(values.mapping, result, "response", place) or {}
    content: list[Block] = [Text(_told(response))]
    if result.get("parts") is not None:
        content += read_parts(result["parts"], f"{place}.parts")
    return ToolResult(
        without_signature(optional(string, result, "id", place) or "")[0],
        content,
        optional(string, result, "name", place),
        failed=list(response) == ["error"],
    )


def _told(response: Object) -> str:
    """Return a result as text: bare where it is a text in one of the fields that Google names for it."""
    match [*response.items()]:
        case [(name, str(text))] if name in _SAID:
            return text
    return values.encode(response).decode()


_READERS: dict[str, Callable[[Object, str], Block]] = {
    "text": _text,
    "inlineData": media.read_inline,
    "fileData": media.read_file,
    "functionCall": _call,
    "functionResponse": _result,
}
