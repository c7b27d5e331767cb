"""Count tokens off the event loop.

Counts of OpenAI's models are theirs to within a few tokens of chat format; for all other models
they are estimates with OpenAI's vocabulary, as are those of pictures, sounds and files.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable

from tiktoken import Encoding

from tianji.tokens.chunks import PIECE, pieces
from tianji.tokens.encodings import DEFAULT, encoding_name, load
from tianji.tokens.prompt import Prompt, blocks_prompt, prompt_of
from tianji.wire.neutral import Ask, Block

_QUICK = 4_000
"""Signs that are counted on the loop: 0.1 ms of prose, 0.8 ms of the worst, about a thread's round trip."""
_SAMPLED_FROM = 1_000_000
"""Signs from which a text is sampled: so many take up to 0.2 s of a core, and no model reads more."""


class Counter:
    """Counts tokens; holds the vocabularies that were needed so far.

    One per process. A vocabulary is loaded at its first use, in a thread; since that also holds up
    the loop for some 0.15 s, a process that will count calls `warm` before it takes requests.
    """

    def __init__(self) -> None:
        self._encodings: dict[str, Encoding] = {}
        self._loading = threading.Lock()

    async def warm(self, model: str = "") -> None:
        """Load the vocabulary of `model` (by default that of today's models) ahead of its use."""
        await asyncio.to_thread(self._encoding, encoding_name(model) if model else DEFAULT)

    async def count_text(self, text: str, model: str) -> int:
        """Count a text."""
        return await self._count(Prompt([text]), model)

    async def count_messages(self, ask: Ask, model: str | None = None) -> int:
        """Count all that a request gives its model to read: turns, tools, the answer's schema.

        `model` is the name at the provider, where the client's name for it says nothing.
        """
        return await self._count(prompt_of(ask), model or ask.model)

    async def count_blocks(self, blocks: Iterable[Block], model: str) -> int:
        """Count content without the chat format around it, such as an answer's."""
        return await self._count(blocks_prompt(blocks), model)

    def count_text_now(self, text: str, model: str) -> int:
        """Count a text, in the caller's thread."""
        return self._count_now(Prompt([text]), model)

    def count_messages_now(self, ask: Ask, model: str | None = None) -> int:
        """Count a request, in the caller's thread."""
        return self._count_now(prompt_of(ask), model or ask.model)

    def count_blocks_now(self, blocks: Iterable[Block], model: str) -> int:
        """Count content, in the caller's thread."""
        return self._count_now(blocks_prompt(blocks), model)

    async def _count(self, prompt: Prompt, model: str) -> int:
        if prompt.length <= _QUICK and encoding_name(model) in self._encodings:
            return self._count_now(prompt, model)
        return await asyncio.to_thread(self._count_now, prompt, model)

    def _count_now(self, prompt: Prompt, model: str) -> int:
        encoding = self._encoding(encoding_name(model))
        return prompt.fixed + sum(_tokens(encoding, text) for text in prompt.texts)

    def _encoding(self, name: str) -> Encoding:
        encoding = self._encodings.get(name)
        if encoding is None:
            with self._loading:
                encoding = self._encodings.get(name)
                if encoding is None:
                    encoding = self._encodings[name] = load(name)
        return encoding


def _tokens(encoding: Encoding, text: str) -> int:
    if len(text) <= PIECE:
        return len(encoding.encode_ordinary(text))
    every = -(-len(text) // _SAMPLED_FROM)
    counted, signs = 0, 0
    for number, piece in enumerate(pieces(text)):
        if number % every == 0:
            counted += len(encoding.encode_ordinary(piece))
            signs += len(piece)
    return counted if signs == len(text) else round(counted * len(text) / signs)
