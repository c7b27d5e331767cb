"""Items of a request's input: to turns.

What the model said in one go stands in several items here and in one turn in the neutral form. The
result of a call is put right behind the turn that called, wherever the client has it: most providers
take it nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable

from tianji.errors import UnsupportedParameter
from tianji.wire import values
from tianji.wire.call_ids import part
from tianji.wire.free_text import INPUT
from tianji.wire.neutral import Block, Opaque, Reasoning, Role, Text, ToolCall, ToolResult, Turn
from tianji.wire.responses.forms import CALLS, FORMS
from tianji.wire.responses.names import function_name
from tianji.wire.responses.parts import DIALECT, read_content
from tianji.wire.responses.thoughts import read_encrypted
from tianji.wire.values import Object, optional, required, string

_ROLES: dict[str, Role] = {"user": "user", "system": "system", "developer": "developer"}
STATELESS = "send the conversation itself in `input`, with `store` set to false"
"""What a client is told to do where nobody keeps its conversation."""


def read_input(value: object, at: str = "input") -> list[Turn]:
    """Read `input`: a string or an array of items."""
    if isinstance(value, str):
        return [Turn("user", [Text(value)])]
    reader = _Reader()
    for number, item in enumerate(values.array(value, at)):
        place = f"{at}[{number}]"
        reader.item(
            {"role": "user", "content": item} if isinstance(item, str) else values.mapping(item, place), place
        )
    return reader.turns


class _Reader:
    """Puts items together to turns."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self._callers: dict[str, Turn] = {}

    def item(self, item: Object, at: str) -> None:
        kind = item.get("type") or ("message" if "role" in item else "item_reference")
        reader = _READERS.get(kind)
        if kind == "message":
            self._message(item, at)
        elif reader is not None:
            block = reader(item, at)
            if not (isinstance(block, Reasoning) and block == Reasoning()):
                self._say(block)
        elif kind in CALLS and _by_client(item):
            self._say(_formed_call(item, kind, at))
        elif kind in _RESULTS or (kind == "tool_search_output" and _by_client(item)):
            self._result(item, at)
        elif kind == "item_reference":
            raise UnsupportedParameter(
                f"{at}: this model's provider keeps no items to refer to; {STATELESS}", param=at
            )
        # What is left tells of tools that another provider ran itself; what came of it, the model has said.

    def _message(self, item: Object, at: str) -> None:
        role = values.one_of(required(string, item, "role", at), (*_ROLES, "assistant"), f"{at}.role")
        content = item.get("content")
        blocks = [] if content is None else read_content(content, f"{at}.content")
        if role != "assistant":
            self.turns.append(Turn(_ROLES[role], blocks))
            return
        for block in blocks:
            if not (isinstance(block, Opaque) and block.dialect == DIALECT):
                self._say(block)

    def _say(self, block: Block) -> None:
        if not self.turns or self.turns[-1].role != "assistant":
            self.turns.append(Turn("assistant"))
        self.turns[-1].blocks.append(block)
        if isinstance(block, ToolCall):
            self._callers[block.id] = self.turns[-1]

    def _result(self, item: Object, at: str) -> None:
        identity = part(optional(string, item, "call_id", at) or optional(string, item, "id", at) or "")[0]
        result = ToolResult(identity, _output(item, at), failed=item.get("status") == "failed")
        turn = Turn("tool", [result])
        caller = self._callers.get(identity)
        place = len(self.turns)
        if caller is not None:
            place = next(n for n, one in enumerate(self.turns) if one is caller) + 1
            while place < len(self.turns) and self.turns[place].role == "tool":
                place += 1
        self.turns.insert(place, turn)


def _by_client(item: Object) -> bool:
    return item.get("execution") != "server"


def _function_call(item: Object, at: str) -> ToolCall:
    identity, signature = part(required(string, item, "call_id", at))
    name = function_name(required(string, item, "name", at), item.get("namespace"))
    return ToolCall(identity, name, optional(string, item, "arguments", at) or "", signature=signature)


def _custom_call(item: Object, at: str) -> ToolCall:
    identity, signature = part(required(string, item, "call_id", at))
    name = function_name(required(string, item, "name", at), item.get("namespace"))
    wrapped = values.encode({INPUT: optional(string, item, "input", at) or ""}).decode()
    return ToolCall(identity, name, wrapped, signature=signature)


def _formed_call(item: Object, kind: str, at: str) -> ToolCall:
    tool = CALLS[kind]
    identity, signature = part(
        optional(string, item, "call_id", at) or optional(string, item, "id", at) or ""
    )
    arguments = values.encode(FORMS[tool].read(item)).decode()
    return ToolCall(identity, tool, arguments, signature=signature)


def _reasoning(item: Object, at: str) -> Reasoning:
    texts = [
        block.text
        for name in ("summary", "content")
        for block in read_content(item.get(name) or [], f"{at}.{name}")
        if isinstance(block, Text)
    ]
    thought = Reasoning("\n\n".join(texts))
    encrypted = optional(string, item, "encrypted_content", at)
    if encrypted:
        read_encrypted(thought, encrypted, optional(string, item, "id", at) or "")
    return thought


def _output(item: Object, at: str) -> list[Block]:
    output = item.get("output")
    if output is None:
        output = item.get("tools")
    if isinstance(output, str):
        return [Text(output)]
    if isinstance(output, list) and all(_is_part(part) for part in output):
        return read_content(output, f"{at}.output")
    return [] if output is None else [Text(values.encode(output).decode())]


def _is_part(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") in (
        "input_text",
        "output_text",
        "text",
        "input_image",
        "input_file",
    )


_READERS: dict[str, Callable[[Object, str], Block]] = {
    "function_call": _function_call,
    "custom_tool_call": _custom_call,
    "reasoning": _reasoning,
}
_RESULTS = frozenset(
    (
        "function_call_output",
        "custom_tool_call_output",
        "local_shell_call_output",
        "shell_call_output",
        "apply_patch_call_output",
    )
)
