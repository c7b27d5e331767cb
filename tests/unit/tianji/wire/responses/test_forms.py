"""Calls of fixed form: to functions and back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tianji.wire.responses.forms import FORMS, form_fields

CALLS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "local_shell": (
        {"command": ["ls", "-l"], "timeout_ms": 5},
        {"action": {"type": "exec", "command": ["ls", "-l"], "env": {}, "timeout_ms": 5}},
    ),
    "shell": (
        {"commands": ["ls"]},
        {"action": {"commands": ["ls"], "timeout_ms": None, "max_output_length": None}},
    ),
    "apply_patch": (
        {"type": "create_file", "path": "a.txt", "diff": "+x"},
        {"operation": {"type": "create_file", "path": "a.txt", "diff": "+x"}},
    ),
    "tool_search": ({"query": "files"}, {"execution": "client", "arguments": {"query": "files"}}),
}


@pytest.mark.parametrize("kind", FORMS)
def test_a_call_has_the_form_that_its_client_knows_and_comes_back(kind: str) -> None:
    arguments, fields = CALLS[kind]

    assert form_fields(kind, msgspec.json.encode(arguments).decode()) == fields
    assert FORMS[kind].read(fields).items() >= arguments.items()


@pytest.mark.parametrize("arguments", ["", "[1]", "no JSON", '{"command":"ls"}'])
def test_a_model_that_writes_nonsense_still_makes_a_call(arguments: str) -> None:
    action = form_fields("local_shell", arguments)["action"]

    assert isinstance(action["command"], list)
    assert action["type"] == "exec"
