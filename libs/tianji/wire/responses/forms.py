"""Tools that the client runs and whose calls have a form of their own: shells, patches, tool searches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tianji.wire.values import Object


class Form(Struct, frozen=True):
    """A tool that the client runs and whose calls have a form of their own."""

    item: str
    """The type of its calls; `_output` behind it is the type of their results."""
    description: str
    schema: Object
    written: Callable[[Object], Object]
    """From the arguments that a model wrote to the fields of the call."""
    read: Callable[[Object], Object]
    """From the fields of a call to the arguments."""


def _shell_action(said: Object) -> Object:
    commands = said.get("commands")
    action: Object = {"commands": commands if isinstance(commands, list) else [str(commands or "")]}
    for name in ("timeout_ms", "max_output_length"):
        action[name] = said.get(name)
    return {"action": action}


def _local_action(said: Object) -> Object:
    command = said.get("command")
    action: Object = {
        "type": "exec",
        "command": command if isinstance(command, list) else ["bash", "-lc", str(command or "")],
        "env": said.get("env") if isinstance(said.get("env"), dict) else {},
    }
    for name in ("timeout_ms", "working_directory", "user"):
        if said.get(name) is not None:
            action[name] = said[name]
    return {"action": action}


def _patch_operation(said: Object) -> Object:
    return {"operation": said}


def _search_arguments(said: Object) -> Object:
    return {"execution": "client", "arguments": said}


def _taken(field_name: str) -> Callable[[Object], Object]:
    def read(item: Object) -> Object:
        found = item.get(field_name)
        return {k: v for k, v in found.items() if v is not None} if isinstance(found, dict) else {}

    return read


def _schema(required: list[str], **properties: Object) -> Object:
    return {"type": "object", "properties": properties, "required": required}


_TEXT: Object = {"type": "string"}
_TEXTS: Object = {"type": "array", "items": _TEXT}
_NUMBER: Object = {"type": "integer"}

FORMS: Mapping[str, Form] = {
    "local_shell": Form(
        "local_shell_call",
        "Run a command on the user's machine. `command` is the program and its arguments.",
        _schema(["command"], command=_TEXTS, working_directory=_TEXT, timeout_ms=_NUMBER),
        _local_action,
        _taken("action"),
    ),
    "shell": Form(
        "shell_call",
        "Run shell commands on the user's machine, one after another, and return what they print.",
        _schema(["commands"], commands=_TEXTS, timeout_ms=_NUMBER, max_output_length=_NUMBER),
        _shell_action,
        _taken("action"),
    ),
    "apply_patch": Form(
        "apply_patch_call",
        "Create, change or delete one file. `diff` holds the lines in the V4A form: each line begins with"
        " a space, + or -, and @@ leads to the place; it is left out when a file is deleted.",
        _schema(
            ["type", "path"],
            type={"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
            path=_TEXT,
            diff=_TEXT,
        ),
        _patch_operation,
        _taken("operation"),
    ),
    "tool_search": Form(
        "tool_search_call",
        "Search for tools that may help.",
        _schema(["query"], query=_TEXT),
        _search_arguments,
        _taken("arguments"),
    ),
}
"""Tools of fixed form, by their type; the type is also the function's name."""

CALLS: Mapping[str, str] = {form.item: kind for kind, form in FORMS.items()}
"""From the type of a call to the type of its tool."""


def form_fields(kind: str, arguments: str) -> Object:
    """Return the fields of a call of fixed form from what a model wrote."""
    try:
        said: Any = msgspec.json.decode(arguments or "{}")
    except (msgspec.DecodeError, ValueError, RecursionError):
        said = {}
    return FORMS[kind].written(said if isinstance(said, dict) else {})
