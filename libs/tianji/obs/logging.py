"""Log lines: one shape for all processes, with the request's id and without secrets."""

from __future__ import annotations

import json
import logging
import logging.config
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from tianji.errors import TianjiError

FORMATS = ("text", "json")

request_id: ContextVar[str] = ContextVar("request_id", default="")

# What every record has; the rest of a record's attributes came by `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

_SECRETS = (
    (re.compile(r"\b(sk-)[A-Za-z0-9_-]{4,}"), r"\1***"),
    (re.compile(r"\b(AIza)[A-Za-z0-9_-]{10,}"), r"\1***"),
    (re.compile(r"(?i)\b(bearer\s+|basic\s+)[A-Za-z0-9._~+/=-]{6,}"), r"\1***"),
    (re.compile(r"(://[^\s:@/\"']*:)[^\s@/\"']+(@)"), r"\1***\2"),
    (
        re.compile(
            r"(?i)\b((?:x-)?api[-_]?key|access[-_]token|password|secret)(\"?'?\s*[=:]\s*\"?'?)[^\s\"',&}]{6,}"
        ),  # shorter words are prose: "api_key: the variable is not set"
        r"\1\2***",
    ),
)


def redact(text: str) -> str:
    """Mask what looks like a key, a bearer token or a password in a URL."""
    for pattern, masked in _SECRETS:
        text = pattern.sub(masked, text)
    return text


class TextFormatter(logging.Formatter):
    """One line for a person: time, level, logger, request id, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]
        parts = [at, f"{record.levelname:<7}", record.name]
        if current := request_id.get():
            parts.append(f"[{current}]")
        parts.append(record.getMessage())
        parts += [f"{name}={value}" for name, value in _fields(record).items()]
        line = " ".join(parts)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redact(line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if current := request_id.get():
            line["request_id"] = current
        for name, value in _fields(record).items():
            plain = value is None or isinstance(value, int | float)
            line.setdefault(name, value if plain else redact(str(value)))
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def dict_config(level: str = "INFO", format: str = "") -> dict[str, Any]:
    """Describe our logging for `logging.config`, also for servers that configure it themselves.

    An empty `format` means text on a terminal and JSON elsewhere.
    """
    level = level.upper()
    if level not in logging.getLevelNamesMapping():
        raise TianjiError(f"TIANJI_LOG_LEVEL is {level!r}; it must be DEBUG, INFO, WARNING or ERROR")
    format = format or ("text" if sys.stderr.isatty() else "json")
    if format not in FORMATS:
        raise TianjiError(f"TIANJI_LOG_FORMAT is {format!r}; it must be text or json")
    formatter = TextFormatter if format == "text" else JsonFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"ours": {"()": formatter}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "ours"}
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            # Named by the server: each start and stop of its workers.
            "_granian": {"level": "WARNING", "propagate": True},
            "granian.access": {"level": "INFO", "propagate": True},
            # Each vain attempt of the pool, while `tianji.store` has told that Postgres is away.
            "psycopg.pool": {"level": "ERROR", "propagate": True},
            # A rollback that fails follows from what ended the transaction, which is told by who began it.
            "psycopg.transaction": {"level": "ERROR", "propagate": True},
        },
    }


def configure(level: str = "INFO", format: str = "") -> None:
    """Send this process's log to stderr in our shape."""
    logging.config.dictConfig(dict_config(level, format))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}
