"""Signed thoughts: through a client and back to who signed them."""

from __future__ import annotations

import pytest

from tianji.wire.neutral import Reasoning
from tianji.wire.responses.thoughts import read_encrypted, write_encrypted


@pytest.mark.parametrize(
    "thought",
    [
        Reasoning(signature="EqQB+/="),
        Reasoning(signature="gemini:c2ln"),
        Reasoning(encrypted="cmVk"),
        Reasoning(encrypted="gemini:cmVk"),
        Reasoning(),
    ],
)
def test_what_was_signed_comes_back_as_it_was(thought: Reasoning) -> None:
    back = Reasoning()
    read_encrypted(back, write_encrypted(thought), "rs_1")

    assert back == thought


def test_the_signer_is_named() -> None:
    assert write_encrypted(Reasoning(signature="gemini:c2ln")) == "tianji:gemini:signature:c2ln"
    assert write_encrypted(Reasoning(signature="EqQB")) == "tianji:anthropic:signature:EqQB"


def test_what_openai_encrypted_is_its_own() -> None:
    thought = Reasoning()
    read_encrypted(thought, "gAAAB", "rs_7")

    assert thought.signature == "openai:rs_7:gAAAB"
