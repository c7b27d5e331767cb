"""`tianji key validate`: which answers mean that a key is let in."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tianji_cli import http
from tianji_cli.verbs import key


@pytest.mark.parametrize(
    ("status", "body", "exit_code"),
    [
        (200, b'{"key": "h", "info": {}}', 0),
        (
            404,
            b'{"error": {"message": "has no record", "type": "not_found_error", "param": "key"}}',
            0,
        ),
        (403, b'{"error": {"message": "not allowed", "type": "auth_error", "param": null}}', 0),
        (404, b'{"error": {"message": "no path", "type": "not_found_error", "param": null}}', 1),
        (404, b"<html>somebody else</html>", 1),
        (401, b'{"error": {"message": "no such key", "type": "token_not_found_in_db", "param": "key"}}', 1),
        (503, b'{"error": {"message": "starting", "type": "service_unavailable", "param": null}}', 3),
    ],
)
def test_a_key_counts_as_accepted_when_it_is_let_in(
    monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, exit_code: int
) -> None:
    monkeypatch.setattr(http, "call", lambda *_, **__: http.Reply(status, body))
    done = CliRunner().invoke(key.command, ["validate", "sk-x", "--url", "http://127.0.0.1:1"])
    assert done.exit_code == exit_code, done.output
