"""Tokens of Google Cloud: fetched once for all who share credentials, and told plainly when there is none."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tianji.errors import UpstreamError
from tianji.providers.auth.google import bearer
from tianji.providers.auth.google_transport import Transport
from tianji.providers.contract import UpstreamRequest

REQUEST = UpstreamRequest("https://a.test", b"")


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


class Google:
    """Gives tokens, or an error."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[dict[str, str]] = []
        self.refuses = False

    async def token(self, request: web.Request) -> web.Response:
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        if self.refuses:
            return web.json_response({"error": "invalid_grant", "error_description": "No."}, status=400)
        return web.json_response(
            {
                "access_token": f"t{len(self.asked)}",
                "token_type": "Bearer",
                "expires_in": 3600,
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            }
        )


@pytest.fixture
async def google() -> AsyncIterator[Google]:
    found = Google()
    app = web.Application()
    app.router.add_post("/token", found.token)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/token"
    yield found
    await runner.cleanup()


@pytest.fixture
def account(google, private_key) -> dict[str, Any]:
    return {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "k",
        "private_key": private_key,
        "client_email": "a@p.test",
        "client_id": "1",
        "token_uri": google.url,
    }


async def test_a_service_account_gets_one_token_for_all(google, account):
    source = json.dumps(account)

    found = await asyncio.gather(*(bearer("vertex_ai", source)(REQUEST) for _ in range(5)))
    assert found == [{"authorization": "Bearer t1"}] * 5
    assert len(google.asked) == 1
    assert google.asked[0]["grant_type"].endswith("jwt-bearer")


async def test_an_address_gets_the_project_of_the_credentials(google, account):
    request = UpstreamRequest("https://a.test/projects/{project}/x", b"")
    await bearer("vertex_ai", json.dumps(account))(request)
    assert request.url == "https://a.test/projects/p/x"

    nameless = json.dumps({name: value for name, value in account.items() if name != "project_id"})
    with pytest.raises(UpstreamError, match="vertex_project"):
        await bearer("vertex_ai", nameless)(UpstreamRequest("https://a.test/projects/{project}/x", b""))


async def test_credentials_may_be_kept_in_a_file(google, account, tmp_path):
    kept = tmp_path / "account.json"
    kept.write_text(json.dumps(account))

    assert await bearer("vertex_ai", str(kept))(REQUEST) == {"authorization": "Bearer t1"}


async def test_a_user_says_who_pays(google, monkeypatch):
    # Users' tokens come from Google alone, whatever their file says.
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", google.url)
    user = {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
        "quota_project_id": "payer",
    }

    headers = await bearer("vertex_ai", json.dumps(user))(REQUEST)
    assert headers == {"authorization": "Bearer t1", "x-goog-user-project": "payer"}


async def test_a_workload_shows_the_token_of_its_own_cloud(google, tmp_path):
    own = tmp_path / "own"
    own.write_text("of-my-cloud")
    workload = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": google.url,
        "credential_source": {"file": str(own)},
    }

    assert await bearer("vertex_ai", json.dumps(workload))(REQUEST) == {"authorization": "Bearer t1"}
    assert google.asked[0]["subject_token"] == "of-my-cloud"


async def test_a_refusal_is_an_error_of_the_credentials_and_quotes_none(google, account):
    google.refuses = True

    with pytest.raises(UpstreamError, match="vertex_ai: Google gave no token") as caught:
        await bearer("vertex_ai", json.dumps(account))(REQUEST)
    assert (caught.value.status, caught.value.type) == (401, "authentication_error")
    assert "PRIVATE" not in caught.value.message


@pytest.mark.parametrize(
    "source",
    [
        '{"type": "service_account"}',
        '{"type": "service_account", "client_email": "a", "token_uri": "b", "private_key": 5}',
        '{"type": "external_account", "credential_source": 5}',
        '{"type": "new"}',
        '{"type": "hidden',
        "[1]",
        "/nowhere/x.json",
    ],
)
async def test_credentials_that_cannot_be_read_are_told_without_their_content(source):
    with pytest.raises(UpstreamError) as caught:
        await bearer("vertex_ai", source)(REQUEST)
    assert caught.value.status == 401
    assert "hidden" not in caught.value.message


async def test_a_missing_library_is_named(account, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.auth.exceptions", None)

    with pytest.raises(UpstreamError, match="extra 'google'"):
        await bearer("vertex_ai", json.dumps(account))(REQUEST)


async def test_tokens_are_fetched_from_web_addresses_alone(account):
    account["token_uri"] = "file:///etc/hostname"

    with pytest.raises(UpstreamError, match="no http") as caught:
        await bearer("vertex_ai", json.dumps(account))(REQUEST)
    assert caught.value.status == 502


def test_an_address_that_does_not_answer_is_googles_own_error():
    from google.auth.exceptions import TransportError

    with pytest.raises(TransportError):
        Transport()("http://127.0.0.1:1/token", "POST", b"")
