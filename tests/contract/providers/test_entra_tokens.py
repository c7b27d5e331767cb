"""Who calls Azure: keys, tokens, and identities of Entra ID from which tokens are fetched."""

import sys
from typing import Any

import pytest

from tianji.errors import BadRequest, UpstreamError

AT = {"api_base": "https://a.openai.azure.com"}
APP = {"tenant_id": "ten", "client_id": "app", "client_secret": "secret"}


@pytest.fixture(params=["azure", "azure_ai"])
def name(request) -> str:
    return str(request.param)


async def authorization(upstream: Any, fields: Any) -> str | None:
    """Return what a request shows."""
    request = upstream.forward("chat", fields(), stream=False)
    found = dict(request.headers)
    if request.authorize is not None:
        found |= await request.authorize(request)
    return found.get("authorization") or found.get("api-key")


async def test_an_application_gets_a_token(bound, fields, office, name):
    upstream = bound(name, **AT, **APP, azure_authority_host=office.url)

    assert await authorization(upstream, fields) == "Bearer t1"
    assert office.paths == ["/ten/oauth2/v2.0/token"]
    assert office.asked == [
        {
            "grant_type": "client_credentials",
            "client_id": "app",
            "client_secret": "secret",
            "scope": "https://cognitiveservices.azure.com/.default",
        }
    ]


async def test_a_user_gets_a_token_for_the_scope_that_is_said(bound, fields, office, name):
    user = {"client_id": "app", "azure_username": "me", "azure_password": "pw", "azure_scope": "https://s"}
    upstream = bound(name, **AT, **user, azure_authority_host=office.url)

    assert await authorization(upstream, fields) == "Bearer t1"
    assert office.paths == ["/organizations/oauth2/v2.0/token"]
    assert office.asked[0] == {
        "grant_type": "password",
        "client_id": "app",
        "username": "me",
        "password": "pw",
        "scope": "https://s",
    }


async def test_a_token_of_another_cloud_is_exchanged(bound, fields, office, tmp_path, name):
    (tmp_path / "token").write_text("theirs\n")
    named = {"tenant_id": "ten", "client_id": name, "azure_authority_host": office.url}
    upstream = bound(name, **AT, **named, azure_ad_token=f"oidc/file{tmp_path}/token")

    assert await authorization(upstream, fields) == "Bearer t1"
    assert office.asked[0]["client_assertion"] == "theirs"
    assert office.asked[0]["client_assertion_type"].endswith("jwt-bearer")


async def test_a_reference_that_leads_nowhere_is_told(bound, fields, office, name):
    upstream = bound(name, **AT, azure_ad_token="oidc/env/NOT_SET_ANYWHERE", azure_authority_host=office.url)

    with pytest.raises(UpstreamError, match="NOT_SET_ANYWHERE") as caught:
        await authorization(upstream, fields)
    assert caught.value.status == 401


async def test_the_machine_gets_a_token_where_that_is_switched_on(bound, fields, office, monkeypatch, name):
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{office.url}/msi")
    monkeypatch.setenv("IDENTITY_HEADER", "h")
    office.answers["/msi"] = {"access_token": "mine", "expires_on": "4102444800", "token_type": "Bearer"}
    environ = {"AZURE_CREDENTIAL": "ManagedIdentityCredential", "AZURE_CLIENT_ID": f"id-of-{name}"}

    off = bound(name, **AT, environ=environ)
    upstream = bound(name, **AT, environ=environ, options={"enable_azure_ad_token_refresh": True})

    assert await authorization(off, fields) is None
    assert await authorization(upstream, fields) == "Bearer mine"
    assert office.headers[0]["x-identity-header"] == "h"


async def test_a_credential_that_is_none_and_one_that_finds_nothing_are_told(
    bound, fields, monkeypatch, name
):
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    unknown = bound(name, **AT, azure_credential="os.system")
    without = bound(name, **AT, azure_credential="CertificateCredential", client_id="c", tenant_id="t")

    for upstream in (unknown, without):
        with pytest.raises(UpstreamError) as caught:
            await authorization(upstream, fields)
        assert caught.value.status == 401


async def test_a_missing_library_is_named(bound, fields, monkeypatch, name):
    monkeypatch.setitem(sys.modules, "azure.core.exceptions", None)
    upstream = bound(name, **AT, azure_credential="DefaultAzureCredential", azure_scope=f"https://{name}")

    with pytest.raises(UpstreamError, match="extra 'azure'"):
        await authorization(upstream, fields)


@pytest.mark.parametrize(
    ("params", "environ", "seen"),
    [
        ({"api_key": "k"}, {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"}, "k"),
        ({"azure_ad_token": "own", "api_key": "k"}, {}, "Bearer own"),
        ({}, {"AZURE_API_KEY": "k", "AZURE_AI_API_KEY": "k", "AZURE_AD_TOKEN": "e"}, "k"),
        ({}, {"AZURE_AD_TOKEN": "e"}, "Bearer e"),
        (APP, {"AZURE_API_KEY": "k", "AZURE_AI_API_KEY": "k", "AZURE_AD_TOKEN": "e"}, "Bearer t1"),
        (
            {},
            {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"},
            "Bearer t1",
        ),
    ],
)
async def test_what_the_deployment_says_goes_first_and_then_keys(
    bound, fields, office, name, params, environ, seen
):
    environ = environ | {"AZURE_AUTHORITY_HOST": office.url}

    assert await authorization(bound(name, **AT, **params, environ=environ), fields) == seen


async def test_a_model_made_by_a_call_gets_nothing_of_this_machine(bound, fields, office, name):
    environ = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"}

    upstream = bound(name, source="api", **AT, environ=environ | {"AZURE_AUTHORITY_HOST": office.url})
    assert await authorization(upstream, fields) is None
    with pytest.raises(BadRequest, match="azure_ad_token"):
        bound(name, source="api", **AT, azure_ad_token="oidc/file/etc/passwd")
    with pytest.raises(BadRequest, match="names its own credentials"):
        bound(name, source="api", **AT, options={"enable_azure_ad_token_refresh": True})


def test_credentials_are_no_fields_of_a_request(bound, fields, name):
    upstream = bound(name, **AT, **APP, azure_username="u", azure_credential="x", azure_authority_host="h")

    body = upstream.forward("chat", fields(), stream=False).body
    assert b"secret" not in body
    assert b"azure" not in body
