"""Tools for models that only take a prompt: told in words, called by an answer in JSON.

A model that wants to call answers with one object that names its calls. An answer that begins like one
is held until it is whole; every other answer is passed on as it arrives.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tianji.providers.contract import Decoder
from tianji.providers.dialects.fresh_ids import call_id
from tianji.providers.dialects.offered import offered
from tianji.wire import values
from tianji.wire.messages.blocks import read_arguments
from tianji.wire.neutral import (
    Answer,
    Ask,
    Block,
    BlockStarted,
    BlockStopped,
    Event,
    Finished,
    Grew,
    Text,
    Tool,
    ToolCall,
)
from tianji.wire.values import Object

_HOW = (
    "You can call tools. To call one or more of them, answer with nothing but one JSON object of this form:\n"
    '{"tool_calls": [{"name": "the tool", "arguments": {}}]}\n'
    "Their results are told to you in the next turn. Where no tool is needed, answer in plain text."
)
_MUST = "You must call at least one tool now."
_FENCE = "```"


def tell(ask: Ask) -> str:
    """Return the words that tell of the tools; empty where there are none."""
    tools = offered(ask)
    if not tools:
        return ""
    lines = [_HOW, "The tools:", *(_told(tool) for tool in tools)]
    if ask.tool_choice is not None and ask.tool_choice.mode in ("required", "tool"):
        lines.append(_MUST)
    return "\n".join(lines)


def _told(tool: Tool) -> str:
    about: Object = {"name": tool.name}
    if tool.description is not None:
        about["description"] = tool.description
    about["parameters"] = tool.schema or {"type": "object", "properties": {}}
    return values.encode(about).decode()


def say(calls: Iterable[ToolCall]) -> str:
    """Write calls as a model would have said them."""
    made = [{"name": call.name, "arguments": read_arguments(call.arguments)} for call in calls]
    return values.encode({"tool_calls": made}).decode()


def hear(text: str, ask: Ask) -> list[ToolCall]:
    """Return the calls that an answer is; none where it is an answer in plain text."""
    plain = text.strip()
    if plain.startswith(_FENCE) and plain.endswith(_FENCE):
        plain = plain.removeprefix(_FENCE).removesuffix(_FENCE).removeprefix("json").strip()
    try:
        said = msgspec.json.decode(plain) if plain.startswith("{") else None
    except (msgspec.DecodeError, ValueError, RecursionError):
        return []
    made = said.get("tool_calls") if isinstance(said, dict) else None
    names = {tool.name for tool in offered(ask)}
    calls = []
    for item in made if isinstance(made, list) else ():
        if not isinstance(item, dict) or item.get("name") not in names:
            return []
        arguments = item.get("arguments")
        text = arguments if isinstance(arguments, str) else values.encode(arguments or {}).decode()
        calls.append(ToolCall(call_id(), item["name"], text or "{}"))
    return calls


def heard(answer: Answer, ask: Ask) -> Answer:
    """Return an answer whose texts that are calls have become these."""
    if not ask.tools or not offered(ask):
        return answer
    for choice in answer.choices:
        blocks: list[Block] = []
        for block in choice.blocks:
            calls = hear(block.text, ask) if isinstance(block, Text) else []
            blocks += calls or [block]
        if choice.finish == "stop" and any(isinstance(block, ToolCall) for block in blocks):
            choice.finish = "tool_calls"
        choice.blocks = blocks
    return answer


def listening(decoder: Decoder, ask: Ask) -> Decoder:
    """Return a decoder that hears calls, where the model was told of tools."""
    return SpokenDecoder(decoder, ask) if ask.tools and offered(ask) else decoder


class _Side:
    """One choice: what is held of its text, and how many calls were heard."""

    def __init__(self) -> None:
        self.held: list[Event] = []
        self.said: list[str] = []
        self.calls = 0

    @property
    def may_be_calls(self) -> bool:
        start = "".join(self.said).lstrip()
        return not start or start.startswith(("{", "`"))


class SpokenDecoder:
    """Reads the stream of a model that was told of tools: another decoder's events, with calls in them."""

    def __init__(self, inner: Decoder, ask: Ask) -> None:
        self.complete = False
        self._inner = inner
        self._ask = ask
        self._sides: dict[int, _Side] = {}

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that are complete with this chunk."""
        return self._all(self._inner.feed(chunk))

    def close(self) -> list[Event]:
        """Return what was still held: of a stream that broke off, as the text that it was."""
        out = self._all(self._inner.close())
        return out + [event for side in self._sides.values() for event in _released(side)]

    def _all(self, events: list[Event]) -> list[Event]:
        out = [found for event in events for found in self._listen(event)]
        self.complete = self._inner.complete
        return out

    def _listen(self, event: Event) -> list[Event]:
        if not isinstance(event, (BlockStarted, Grew, BlockStopped, Finished)):
            return [event]
        side = self._sides.setdefault(event.choice, _Side())
        if isinstance(event, Finished):
            if side.calls and event.finish == "stop":
                event.finish = "tool_calls"
            return [event]
        if isinstance(event, BlockStarted) and isinstance(event.block, Text):
            side.held.append(event)
            side.said.append(event.block.text)
            return []
        if not side.held:
            return [event]
        side.held.append(event)
        if isinstance(event, Grew):
            side.said.append(event.text)
            return [] if side.may_be_calls else _released(side)
        calls = hear("".join(side.said), self._ask)
        if not calls:
            return _released(side)
        side.held, side.calls = [], len(calls)
        found = enumerate(calls, event.index)
        return [out for index, call in found for out in _called(call, index, event.choice)]


def _released(side: _Side) -> list[Event]:
    out, side.held = side.held, []
    return out


def _called(call: ToolCall, index: int, choice: int) -> list[Event]:
    opened = ToolCall(call.id, call.name)
    return [
        BlockStarted(opened, index, choice),
        Grew(index, call.arguments, choice=choice),
        BlockStopped(index, choice),
    ]
