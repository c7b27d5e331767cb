"""A whole answer, as the events of a stream that would have brought it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from tianji.wire.neutral import (
    Answer,
    Block,
    BlockStarted,
    BlockStopped,
    Choice,
    Event,
    Finished,
    Grew,
    Reasoning,
    Refusal,
    Started,
    Text,
    ToolCall,
    Used,
)


def unfold(answer: Answer) -> Iterator[Event]:
    """Tell an answer as events: blocks open empty and grow, where their kind can."""
    yield Started(
        answer.id,
        answer.model,
        answer.created,
        answer.usage,
        answer.service_tier,
        answer.system_fingerprint,
        answer.extra,
    )
    for choice in answer.choices:
        yield from _choice(choice)
    if answer.usage is not None:
        yield Used(answer.usage)


def _choice(choice: Choice) -> Iterator[Event]:
    logprobs = choice.logprobs
    for index, block in enumerate(choice.blocks):
        opening, growth = _opened(block, index)
        yield BlockStarted(opening, index, choice.index)
        for grew in growth:
            grew.choice = choice.index
            if logprobs is not None and isinstance(block, Text | Refusal):
                grew.logprobs, logprobs = logprobs, None
            yield grew
        yield BlockStopped(index, choice.index, block)
    yield Finished(
        choice.finish or "stop", choice.finish_raw, choice.stop_sequence, choice.index, choice.extra
    )


def _opened(block: Block, index: int) -> tuple[Block, list[Grew]]:
    """Return a block as it opens, and by what it grows."""
    match block:
        case Text(text=text, citations=citations):
            cited = [Grew(index, citation=citation) for citation in citations]
            return replace(block, text="", citations=[]), [Grew(index, text), *cited]
        case Refusal(text=text):
            return replace(block, text=""), [Grew(index, text)]
        case Reasoning(text=text, signature=signature):
            # What is encrypted comes whole with the opening, as providers send it.
            growth = [Grew(index, text)] if text else []
            growth += [Grew(index, signature=signature)] if signature is not None else []
            return replace(block, text="", signature=None), growth
        case ToolCall(arguments=arguments):
            return replace(block, arguments=""), [Grew(index, arguments)]
    return block, []
