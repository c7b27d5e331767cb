"""GitHub Copilot: whose token is sent, where to, and what Copilot is told of the request."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tianji.errors import UpstreamError
from tianji.providers import profile
from tianji.providers.auth.github_copilot import LOGIN, Copilot
from tianji.providers.auth.github_login import log_in
from tianji.providers.contract import UpstreamRequest

BASE = "https://api.githubcopilot.com/chat/completions"
BUSINESS = {"api": "https://api.business.githubcopilot.com"}


class GitHub:
    """Answers as GitHub does, one answer after another."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, str], bytes | None]] = []

    def send(self, url: str, headers: Any, body: bytes | None = None) -> tuple[int, Any]:
        self.asked.append((url, dict(headers), body))
        return self.answers.pop(0)


def bought(life_s: float = 1500, **more: Any) -> dict[str, Any]:
    return {"token": "tid=short", "expires_at": time.time() + life_s, **more}


def logged_in(folder: Path) -> Path:
    folder.joinpath("access-token").write_text("ghu_user\n")
    return folder


def request() -> UpstreamRequest:
    return UpstreamRequest(BASE, b"{}")


async def test_a_users_token_buys_a_short_lived_one_that_is_kept(tmp_path):
    github = GitHub((200, bought()))
    copilot = Copilot(logged_in(tmp_path), send=github.send)

    for _ in range(3):
        assert await copilot.headers(request()) == {"authorization": "Bearer tid=short"}

    assert len(github.asked) == 1
    assert github.asked[0][0] == "https://api.github.com/copilot_internal/v2/token"
    assert github.asked[0][1]["authorization"] == "token ghu_user"
    kept = tmp_path / "api-key.json"
    assert json.loads(kept.read_text())["token"] == "tid=short"
    assert kept.stat().st_mode & 0o077 == 0


async def test_a_kept_token_is_taken_while_it_holds_and_replaced_before_it_ends(tmp_path):
    logged_in(tmp_path).joinpath("api-key.json").write_text(json.dumps({**bought(), "token": "tid=kept"}))
    github = GitHub()
    assert (await Copilot(tmp_path, send=github.send).headers(request()))[
        "authorization"
    ] == "Bearer tid=kept"

    tmp_path.joinpath("api-key.json").write_text(json.dumps({**bought(10), "token": "tid=old"}))
    github = GitHub((200, bought()))
    assert (await Copilot(tmp_path, send=github.send).headers(request()))[
        "authorization"
    ] == "Bearer tid=short"


async def test_requests_go_where_github_says_for_the_user_unless_the_deployment_says_otherwise(tmp_path):
    answer = (200, bought(endpoints=BUSINESS))
    turned, kept = request(), request()

    await Copilot(logged_in(tmp_path), "ghu_x", send=GitHub(answer).send).headers(turned)
    await Copilot(tmp_path, "ghu_x", send=GitHub(answer).send, follows=False).headers(kept)

    assert turned.url == "https://api.business.githubcopilot.com/chat/completions"
    assert kept.url == BASE


async def test_a_token_never_goes_to_an_address_without_tls(tmp_path):
    sent = request()
    answer = (200, bought(endpoints={"api": "http://elsewhere.test"}))

    await Copilot(tmp_path, "ghu_x", send=GitHub(answer).send).headers(sent)

    assert sent.url == BASE


async def test_without_a_login_the_error_says_how_to_log_in(tmp_path):
    with pytest.raises(UpstreamError, match=LOGIN) as raised:
        await Copilot(tmp_path, send=GitHub().send).headers(request())

    assert raised.value.status == 401
    assert LOGIN in profile("github_copilot").notes


@pytest.mark.parametrize(("status", "told"), [(401, 401), (403, 401), (500, 502), (200, 502)])
async def test_a_refused_token_is_told_without_the_token(tmp_path, status, told):
    github = GitHub((status, {"message": "Bad credentials"}))

    with pytest.raises(UpstreamError, match="Bad credentials") as raised:
        await Copilot(logged_in(tmp_path), send=github.send).headers(request())

    assert raised.value.status == told
    assert "ghu_user" not in raised.value.message


def test_a_user_logs_in_by_a_code(tmp_path):
    begun = {
        "device_code": "dev",
        "user_code": "AB-12",
        "verification_uri": "https://github.com/login/device",
        "interval": 5,
        "expires_in": 900,
    }
    waiting = (200, {"error": "authorization_pending"})
    github = GitHub(
        (200, begun), waiting, (200, {"error": "slow_down"}), waiting, (200, {"access_token": "ghu_new"})
    )
    said: list[str] = []
    waits: list[float] = []
    path = tmp_path / "deep" / "access-token"

    assert log_in(path, said.append, github.send, waits.append)

    assert path.read_text() == "ghu_new"
    assert path.stat().st_mode & 0o077 == 0
    assert "AB-12" in said[0]
    assert "ghu_new" not in "".join(said)
    assert waits == [5, 5, 10, 10]
    assert b"device_code=dev" in (github.asked[-1][2] or b"")


@pytest.mark.parametrize("answer", [{"error": "access_denied"}, {"error": "expired_token"}])
def test_a_login_that_is_refused_leaves_no_file(tmp_path, answer):
    github = GitHub((200, {"device_code": "dev"}), (200, answer))

    assert not log_in(tmp_path / "access-token", lambda _: None, github.send, lambda _: None)
    assert not (tmp_path / "access-token").exists()


def headers_of(bound: Any, fields: Any, **body: Any) -> dict[str, str]:
    return bound("github_copilot", token_dir="/nowhere").forward("chat", fields(**body), stream=False).headers


def test_copilot_is_told_who_asks_and_whether_with_pictures(bound, fields):
    user = {"role": "user", "content": 'say "role":"tool"'}
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x/y.png"}}]}
    answered = [user, {"role": "assistant", "content": "a"}, user]

    asked = headers_of(bound, fields, messages=[user])
    assert asked["x-initiator"] == "user"
    assert asked["copilot-integration-id"] == "vscode-chat"
    assert asked["editor-version"].startswith("vscode/")
    assert "copilot-vision-request" not in asked
    assert headers_of(bound, fields, messages=answered)["x-initiator"] == "agent"
    assert headers_of(bound, fields, messages=[picture])["copilot-vision-request"] == "true"


def test_a_token_for_copilot_itself_is_sent_as_it_is(bound, fields):
    upstream = bound("github_copilot", api_key="tid=mine")
    request = upstream.forward("chat", fields(), stream=False)

    assert request.headers["authorization"] == "Bearer tid=mine"
    assert request.authorize is None
    assert "token_dir" not in json.loads(request.body)
    assert bound("github_copilot", api_key="ghu_user").forward("chat", fields(), stream=False).authorize
