"""Signed thoughts in reasoning items: what a provider must get back travels as `encrypted_content`.

OpenAI's own encrypted thoughts stand there bare. All others name their signer, so that the signer
alone gets them back and a server that speaks this format natively never does.
"""

from __future__ import annotations

from tianji.wire.neutral import Reasoning
from tianji.wire.signers import OPENAI, marked, signer_of

MARK = "tianji:"
"""What thoughts that are not the Responses API's own begin with."""


def write_encrypted(thought: Reasoning) -> str:
    """Write what must go back of a thought: `tianji:<signer>:<kind>:<value>`."""
    if thought.signature is not None:
        signer, own = signer_of(thought.signature)
        return f"{MARK}{signer}:signature:{own}"
    if thought.encrypted is not None:
        signer, own = signer_of(thought.encrypted)
        return f"{MARK}{signer}:encrypted:{own}"
    return f"{MARK}:unsigned:"


def read_encrypted(thought: Reasoning, said: str, identity: str) -> None:
    """Read what was written by `write_encrypted`, or by OpenAI itself, into a thought."""
    if not said.startswith(MARK):
        thought.signature = marked(OPENAI, f"{identity}:{said}")
        return
    signer, _, rest = said.removeprefix(MARK).partition(":")
    kind, _, own = rest.partition(":")
    value = own if signer == "anthropic" else marked(signer, own)
    if kind == "signature":
        thought.signature = value
    elif kind == "encrypted":
        thought.encrypted = value
