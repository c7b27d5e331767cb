"""Secrets kept in files that only their owner can read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def password() -> str:
    """Make a password that needs no quoting in URLs, shells and config files."""
    return secrets.token_hex(24)


def kept(file: Path, make: Callable[[], str]) -> str:
    """Return the secret in `file`; when there is none, make it and keep it."""
    try:
        text = file.read_text().strip()
    except FileNotFoundError:
        text = ""
    if text:
        return text
    text = make()
    write(file, text + "\n")
    return text


def write(file: Path, text: str) -> None:
    """Put `text` into a file of mode 0600, at once or not at all."""
    beside = file.with_name(f"{file.name}.{os.getpid()}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)
