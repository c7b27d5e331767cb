"""Log lines."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest

from tianji.errors import TianjiError
from tianji.obs import logging as ours


@pytest.fixture
def line_of():
    """Return a function that formats one record as the given format does."""

    def write(format, message, *args, **extra):
        out = io.StringIO()
        handler = logging.StreamHandler(out)
        handler.setFormatter(ours.JsonFormatter() if format == "json" else ours.TextFormatter())
        exc_info = extra.pop("exc_info", None)
        logger = logging.Logger("tianji.test")
        logger.addHandler(handler)
        logger.warning(message, *args, extra=extra, exc_info=exc_info)
        return out.getvalue()

    return write


def test_json_lines_hold_level_logger_message_and_fields(line_of):
    line = json.loads(line_of("json", "A thing happened.", count=3, model="gpt"))

    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "tianji.test",
        "message": "A thing happened.",
        "count": 3,
        "model": "gpt",
    }


def test_text_lines_read_from_left_to_right(line_of):
    assert line_of("text", "A thing happened.", count=3).split(" ", 1)[1] == (
        "WARNING tianji.test A thing happened. count=3\n"
    )


@pytest.mark.parametrize("format", ours.FORMATS)
def test_the_request_id_is_on_each_line(line_of, format):
    token = ours.request_id.set("call-1")
    try:
        assert "call-1" in line_of(format, "A thing happened.")
    finally:
        ours.request_id.reset(token)
    assert "call-1" not in line_of(format, "A thing happened.")


@pytest.mark.parametrize("format", ours.FORMATS)
@pytest.mark.parametrize(
    "leak",
    [
        "key sk-VerySecret1234 used",
        "key sk-proj-Very_Secret-1234 used",
        "Authorization: Bearer VerySecret1234.abc",
        "postgresql://tianji:VerySecret1234@127.0.0.1:5432/tianji",
        "redis://:VerySecret1234@127.0.0.1:6379/0",
        "api-key: VerySecret1234",
        '{"api_key": "VerySecret1234"}',
        "https://example.test/v1?api_key=VerySecret1234&x=1",
        "AIzaVerySecret1234567890",
    ],
)
def test_secrets_do_not_reach_the_log(line_of, format, leak):
    try:
        raise ValueError(leak)
    except ValueError:
        line = line_of(format, "failed: %s", leak, detail=leak, exc_info=sys.exc_info())

    assert "***" in line
    assert "1234" not in line


def test_redaction_leaves_ordinary_text_alone():
    text = "the risk-taker asked task-1234 about http://host:4000/v1/models and 3 tokens: 17"

    assert ours.redact(text) == text


@pytest.mark.parametrize(("level", "format"), [("LOUD", "text"), ("INFO", "xml")])
def test_a_wrong_setting_is_named(level, format):
    with pytest.raises(TianjiError, match="TIANJI_LOG_"):
        ours.dict_config(level, format)


def test_json_is_the_default_away_from_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())

    assert ours.dict_config()["formatters"]["ours"]["()"] is ours.JsonFormatter


@pytest.mark.parametrize("name", ["psycopg.pool", "psycopg.transaction"])
def test_what_follows_from_a_server_that_went_away_is_told_once_by_us(name):
    config = ours.dict_config("INFO", "json")
    assert logging.getLevelNamesMapping()[config["loggers"][name]["level"]] > logging.WARNING
