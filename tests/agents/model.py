"""What the scripted model says to a coding agent: it calls the agent's tools and reports what they gave."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tianji_testkit.scripted.script import THOUGHT, Call, Said, Seen, Tokens, play

GREET = "Greet me with one word."
LOOK = "Tell me the word that stands in note.txt."
EDIT = "Write the word of note.txt into the file copy.txt."
GREETING = "Salutations, from the scripted model."
FOUND = "The tools say: "
NOTE = "note.txt"
COPY = "copy.txt"
WORD = re.compile(r"word-[0-9a-f]+")

_LOOKED = f"cat {NOTE}"
_TO_COPY = f"pwd; cat {NOTE}"
_USED = Tokens(900, 30, 300)


def answer(seen: Seen) -> Said:
    """Return what the model answers to a request of an agent."""
    if seen.results:
        return _after_tools(seen)
    if GREET in seen.said:
        return Said(GREETING, _thought(seen))
    if LOOK in seen.said:
        return Said("Let me look.", _thought(seen), _reading(seen.tools, _LOOKED))
    if EDIT in seen.said:
        return Said("", _thought(seen), _reading(seen.tools, _TO_COPY)[:1])
    if seen.shape:
        return Said(json.dumps(_fitting(seen.shape)))
    return play(seen)


def _thought(seen: Seen) -> str:
    return THOUGHT if seen.thinks else ""


def _reading(tools: Mapping[str, Any], command: str) -> tuple[Call, ...]:
    """Read the note with the tools that the agent has: all that it has, at once."""
    known: Mapping[str, dict[str, Any]] = {
        "Bash": {"command": command, "description": "Show the note"},
        "Read": {"file_path": NOTE},
        "exec_command": {"cmd": command},
        "shell_command": {"command": command},
        "shell": {"command": ["bash", "-lc", command]},
    }
    return tuple(Call(name, known[name], at) for at, name in enumerate(known, 1) if name in tools)


def _after_tools(seen: Seen) -> Said:
    """Go on: copy the word where the note was read for that, else report."""
    found = " | ".join(one.text.strip() for one in seen.results)
    if not any(_TO_COPY in json.dumps(dict(one.arguments)) for one in seen.results):
        return Said(FOUND + found, tokens=_USED)
    word, folder = WORD.search(found), re.search(r"(?m)^/\S+$", found)
    if word is None or folder is None:
        return Said(f"There is no word in: {found}", tokens=_USED)
    return Said("Now I write it.", calls=(_writing(seen.tools, word[0], folder[0]),), tokens=_USED)


def _writing(tools: Mapping[str, Any], word: str, folder: str) -> Call:
    patch = f"*** Begin Patch\n*** Add File: {COPY}\n+{word}\n*** End Patch\n"
    if "Write" in tools:
        return Call("Write", {"file_path": f"{folder}/{COPY}", "content": word + "\n"}, 7)
    if "apply_patch" in tools:
        return Call("apply_patch", {"input": patch}, 7)
    return Call("exec_command", {"cmd": f"apply_patch <<'END'\n{patch}END"}, 7)


def _fitting(schema: Mapping[str, Any]) -> Any:
    """Return the least that has a shape."""
    match schema.get("type"):
        case "object":
            return {name: _fitting(inner) for name, inner in (schema.get("properties") or {}).items()}
        case "array":
            return []
        case "boolean":
            return False
        case "integer" | "number":
            return 1
    return (schema.get("enum") or ["scripted"])[0]
