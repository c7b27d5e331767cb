"""The calls of the command line to its services."""

from __future__ import annotations

import http.server
import threading

import pytest

from tianji.embedded import ports
from tianji.errors import Unavailable
from tianji_cli import http as ours


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked; a path that ends in "refused" gets an error."""

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        asked = [
            self.command,
            self.path,
            self.headers.get("Authorization", ""),
            self.rfile.read(length).decode(),
        ]
        self.send_response(403 if self.path.endswith("refused") else 200)
        self.end_headers()
        self.wfile.write(" ".join(asked).encode())

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def url():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_path_key_and_body_arrive(url):
    assert ours.call("GET", url + "/key/info?key=x", key="sk-1").body == b"GET /key/info?key=x Bearer sk-1 "
    assert ours.call("POST", url + "/config/reload", body=b"{}").body == b"POST /config/reload  {}"


def test_ready_means_status_200(url):
    assert ours.is_ready(url)
    assert not ours.is_ready(f"http://127.0.0.1:{ports.free()}")


def test_nothing_there_is_a_named_fault_without_the_path():
    with pytest.raises(Unavailable, match=r"^http://127\.0\.0\.1:\d+ does not answer"):
        ours.call("GET", f"http://127.0.0.1:{ports.free()}/key/info?key=sk-secret")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "no such key"}}', "no such key"),
        (b"<html>", "the answer was 403 Forbidden"),
        (b'{"error": "text"}', "the answer was 403 Forbidden"),
    ],
)
def test_an_error_answer_is_told_in_its_own_words(body, message):
    assert ours.message_of(ours.Reply(403, body)) == message
