"""Tokens of OAuth: asked for once by all who share a credential, and told plainly where there is none."""

import asyncio
import base64

import pytest

from tianji.errors import UpstreamError
from tianji.providers.auth.calls import ask
from tianji.providers.auth.oauth import Grant, bearer, client_credentials, fetch, token_in
from tianji.providers.contract import UpstreamRequest

REQUEST = UpstreamRequest("https://a.test", b"")


async def test_all_who_share_a_credential_share_its_token(office):
    grants = [client_credentials("v", f"{office.url}/token", "me", "secret", scope="all") for _ in range(5)]

    found = await asyncio.gather(*(bearer(grant)(REQUEST) for grant in grants))

    assert found == [{"authorization": "Bearer t1"}] * 5
    assert office.asked == [
        {"grant_type": "client_credentials", "scope": "all", "client_id": "me", "client_secret": "secret"}
    ]


async def test_name_and_secret_may_go_into_the_header(office):
    await fetch(client_credentials("v", office.url, "me", "s:e/cret", basic=True))

    kind, _, coded = office.headers[0]["authorization"].partition(" ")
    assert (kind, base64.b64decode(coded)) == ("Basic", b"me:s%3Ae%2Fcret")
    assert "client_secret" not in office.asked[0]


@pytest.mark.parametrize(("status", "seen"), [(401, 401), (400, 401), (429, 502), (503, 502)])
async def test_a_refusal_names_the_reason_and_never_the_secret(office, status: int, seen: int):
    office.refuses = status

    with pytest.raises(UpstreamError, match="Who are you") as caught:
        await fetch(client_credentials("v", office.url, "me", "hush-hush"))
    assert (caught.value.status, caught.value.retryable) == (seen, True)
    assert "hush" not in caught.value.message
    assert "hush" not in repr(client_credentials("v", office.url, "me", "hush-hush"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/token", "file:///etc/hostname", "http://[/"])
async def test_an_address_that_does_not_answer_is_an_error_of_ours(url: str):
    with pytest.raises(UpstreamError, match="credentials") as caught:
        await ask("v", url)
    assert caught.value.status in (500, 502)


def test_an_answer_without_a_token_is_no_answer():
    with pytest.raises(UpstreamError, match="holds no token"):
        token_in("v", {"expires_in": 5})
    assert token_in("v", {"access_token": "t", "expires_in": "soon"}).value == "t"


async def test_a_certificate_that_cannot_be_read_is_told_without_its_content(office):
    grant = Grant("v", office.url, (), certificate=("hidden", "hidden"))

    with pytest.raises(UpstreamError, match="certificate") as caught:
        await fetch(grant)
    assert "hidden" not in caught.value.message
