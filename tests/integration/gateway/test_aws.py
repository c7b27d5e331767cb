"""AWS' signatures, as a server that checks them sees them; credentials, as AWS' token service gives them."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote

import pytest

from tianji.domain.deployments import Deployment
from tianji.errors import UpstreamError
from tianji.providers import provider
from tianji.providers.auth import aws
from tianji.providers.auth.aws_credentials import AwsCredentials, Identity, credentials_of
from tianji.providers.contract import UpstreamRequest
from tianji.wire.neutral import Ask, Text, Turn
from tianji_gateway.upstream.client import Client, Deadlines

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": SECRET, "aws_region_name": "us-east-1"}
ARN = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-3-5-sonnet-20240620-v1:0"


class Seen:
    """One request as its bytes came over the wire."""

    def __init__(self, head: bytes, body: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = lines[0].split(" ")
        self.headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
        }
        self.body = body


def expected_signature(seen: Seen, secret: str) -> str:
    """Work the signature out anew from AWS' description of it, from nothing but the bytes that came."""
    said = seen.headers["authorization"]
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=[^/]+/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
        r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
        said,
    )
    assert found is not None
    day, region, service, names, _ = found.groups()
    path, _, query = seen.target.partition("?")
    canonical = "\n".join(
        [
            seen.method,
            quote(path, safe="/-_.~"),
            query,
            *(f"{name}:{' '.join(seen.headers[name].split())}" for name in names.split(";")),
            "",
            names,
            hashlib.sha256(seen.body).hexdigest(),
        ]
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{seen.headers['x-amz-date']}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


@asynccontextmanager
async def serving(answer: Callable[[Seen], bytes]) -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length.group(1))) if length else b""
            said = answer(Seen(head, body))
            writer.write(
                b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(said), said)
            )
            await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def bound(name: str, model: str, source: str = "file", environ: Any = None, **params: Any) -> Any:
    deployment = Deployment(id="d", model_name="m", provider=name, model=model, params=params, source=source)
    return provider(name).bind(deployment, {"environment": environ or {}})


async def send(upstream: Any, *, stream: bool = False) -> None:
    request = upstream.request(Ask("m", [Turn("user", [Text("Grüezi")])], stream=stream))
    client = Client()
    try:
        headers = {**request.headers, **await request.authorize(request)}
        exchange = await client.open(request.method, request.url, headers, request.body, Deadlines())
        await exchange.read()
        exchange.close()
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("method", "signature"),
    [
        ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ],
)
def test_a_signature_is_that_of_awss_own_examples(
    monkeypatch: pytest.MonkeyPatch, method: str, signature: str
):
    from botocore.credentials import ReadOnlyCredentials

    monkeypatch.setattr(
        "botocore.auth.get_current_datetime", lambda: datetime(2015, 8, 30, 12, 36, 0, tzinfo=UTC)
    )
    keys = ReadOnlyCredentials("AKIDEXAMPLE", SECRET, None)

    signed = aws.sign(
        UpstreamRequest("https://example.amazonaws.com/", b"", method=method), keys, "service", "us-east-1"
    )

    assert signed["x-amz-date"] == "20150830T123600Z"
    assert signed["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )


@pytest.mark.parametrize(
    ("name", "model", "path"),
    [
        (
            "bedrock",
            "anthropic.claude-3-haiku-20240307-v1:0",
            "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
        ),
        ("bedrock", ARN, f"/model/{quote(ARN, safe='')}/converse"),
        (
            "bedrock",
            "invoke/mistral.mistral-7b-instruct-v0:2",
            "/model/mistral.mistral-7b-instruct-v0%3A2/invoke",
        ),
        ("bedrock_mantle", "openai.gpt-oss-120b", "/v1/chat/completions"),
        ("bedrock_mantle", "anthropic.claude-sonnet-5-5", "/anthropic/v1/messages"),
        ("sagemaker_chat", "my-endpoint", "/endpoints/my-endpoint/invocations"),
    ],
)
@pytest.mark.parametrize("token", ["", "a/session+token=="])
async def test_a_server_that_knows_the_secret_finds_the_signature_right(
    name: str, model: str, path: str, token: str
):
    seen: list[Seen] = []
    async with serving(lambda one: (seen.append(one), b"{}")[1]) as url:
        more = {"aws_session_token": token} if token else {}
        await send(bound(name, model, api_base=url, **KEYS, **more))

    (one,) = seen
    assert one.target == path
    assert one.headers["authorization"].endswith(f"Signature={expected_signature(one, SECRET)}")
    assert one.headers.get("x-amz-security-token", "") == token
    assert not token or "x-amz-security-token" in one.headers["authorization"]


def sts(seen: list[dict[str, str]], lasts: timedelta = timedelta(hours=1)) -> Callable[[Seen], bytes]:
    def answer(one: Seen) -> bytes:
        asked = {name: values[0] for name, values in parse_qs(one.body.decode()).items()}
        seen.append(asked | {"signed": one.headers.get("authorization", "")})
        action, until = asked["Action"], (datetime.now(UTC) + lasts).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>'
            f"<Credentials><AccessKeyId>ASIA{len(seen)}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            f"<SessionToken>t</SessionToken><Expiration>{until}</Expiration></Credentials>"
            f"</{action}Result></{action}Response>"
        ).encode()

    return answer


async def test_a_role_is_assumed_once_for_all_that_name_it():
    seen: list[dict[str, str]] = []
    async with serving(sts(seen)) as url:
        params = KEYS | {
            "aws_role_name": "arn:aws:iam::123456789012:role/models",
            "aws_session_name": "night",
            "aws_external_id": "x-1",
            "aws_session_tags": [{"Key": "team", "Value": "a"}],
            "aws_sts_endpoint": url,
        }
        requests = [bound("bedrock", "amazon.nova-pro-v1:0", **params).request(Ask("m")) for _ in range(3)]
        signed = await asyncio.gather(*(request.authorize(request) for request in requests))

    (asked,) = seen
    assert asked["Action"] == "AssumeRole"
    assert (asked["RoleArn"], asked["RoleSessionName"]) == (params["aws_role_name"], "night")
    assert (asked["ExternalId"], asked["Tags.member.1.Key"]) == ("x-1", "team")
    assert "Credential=AKIDEXAMPLE/" in asked["signed"]
    assert all("Credential=ASIA1/" in one["authorization"] for one in signed)
    assert all(one["x-amz-security-token"] == "t" for one in signed)


async def test_a_web_identity_is_read_from_its_file_and_goes_unsigned(tmp_path: Path):
    seen: list[dict[str, str]] = []
    (tmp_path / "token").write_text("ey.web.identity\n")
    async with serving(sts(seen)) as url:
        identity = Identity(
            role="arn:aws:iam::123456789012:role/models",
            web_identity_token=f"oidc/file{tmp_path}/token",
            sts_endpoint=url,
            region="us-east-1",
        )
        keys = await credentials_of(identity).current()

    assert seen[0]["Action"] == "AssumeRoleWithWebIdentity"
    assert seen[0]["WebIdentityToken"] == "ey.web.identity"
    assert seen[0]["signed"] == ""
    assert keys.access_key == "ASIA1"


async def test_a_web_identity_of_a_github_runner_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    seen: list[Seen] = []
    asked: list[dict[str, str]] = []

    def answer(one: Seen) -> bytes:
        seen.append(one)
        return b'{"count":1,"value":"ey.github"}' if one.method == "GET" else sts(asked)(one)

    async with serving(answer) as url:
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{url}/token?api-version=2")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner")
        identity = Identity(
            role="arn:aws:iam::123456789012:role/models",
            web_identity_token="oidc/github/sts.amazonaws.com",
            sts_endpoint=url,
            region="us-east-1",
        )
        await AwsCredentials(identity).current()

    assert seen[0].target == "/token?api-version=2&audience=sts.amazonaws.com"
    assert seen[0].headers["authorization"] == "Bearer runner"
    assert asked[0]["WebIdentityToken"] == "ey.github"


async def test_a_web_identity_that_nobody_gives_is_an_error():
    for token in ("oidc/unheard-of/x", "oidc/env/NOT_SET_ANYWHERE", "oidc/file/nowhere/at/all"):
        identity = Identity(role="arn:aws:iam::1:role/r", web_identity_token=token, region="us-east-1")
        with pytest.raises(UpstreamError, match="credentials cannot be had"):
            await AwsCredentials(identity).current()


async def test_keys_that_are_about_to_expire_are_fetched_anew():
    seen: list[dict[str, str]] = []
    async with serving(sts(seen, lasts=timedelta(minutes=5))) as url:
        identity = Identity(
            "AKIDEXAMPLE",
            SECRET,
            role="arn:aws:iam::123456789012:role/short",
            sts_endpoint=url,
            region="us-east-1",
        )
        credentials = AwsCredentials(identity)
        first, second = await credentials.current(), await credentials.current()

    assert (first.access_key, second.access_key) == ("ASIA1", "ASIA2")


async def test_a_profile_of_the_machine_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "credentials").write_text(
        f"[night]\naws_access_key_id=AKIANIGHT\naws_secret_access_key={SECRET}\n"
    )
    (tmp_path / "config").write_text("[profile night]\nregion = sa-east-1\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    request = bound("bedrock", "amazon.nova-pro-v1:0", aws_profile_name="night").request(Ask("m"))
    signed = await request.authorize(request)

    assert "Credential=AKIANIGHT/" in signed["authorization"]
    assert "/sa-east-1/bedrock/" in signed["authorization"]
    assert request.url.startswith("https://bedrock-runtime.sa-east-1.amazonaws.com/")


async def test_credentials_that_cannot_be_had_are_an_error_without_secrets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")

    request = bound("bedrock", "amazon.nova-pro-v1:0").request(Ask("m"))
    with pytest.raises(UpstreamError, match="aws_access_key_id") as raised:
        await request.authorize(request)

    assert raised.value.status == 401
    missing = AwsCredentials(Identity(profile="not-there"))
    with pytest.raises(UpstreamError, match="not-there"):
        await missing.current()


async def test_a_token_service_that_refuses_is_told_without_the_keys():
    def refuse(one: Seen) -> bytes:
        return b"not xml at all"

    async with serving(refuse) as url:
        identity = Identity(
            "AKIDEXAMPLE", SECRET, role="arn:aws:iam::1:role/r", sts_endpoint=url, region="us-east-1"
        )
        with pytest.raises(UpstreamError) as raised:
            await AwsCredentials(identity).current()

    assert SECRET not in raised.value.message
    assert SECRET not in repr(identity)
    assert unquote(raised.value.message).startswith("AWS credentials cannot be had")
