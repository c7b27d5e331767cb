"""AWS' signature, version 4: what a deployment says of it, and the headers it puts on a request."""

from __future__ import annotations

import asyncio
import configparser
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers._credentials import chosen_by_call
from tianji.providers.auth.aws_credentials import Identity, credentials_of
from tianji.providers.auth.oidc import is_reference
from tianji.providers.contract import Setting, UpstreamRequest

Authorize = Callable[[UpstreamRequest], Awaitable[Mapping[str, str]]]

SETTINGS = (
    Setting(
        "aws_region_name",
        "the region, such as us-east-1; also as the first part of the model's name, or in its ARN",
        ("AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"),
    ),
    Setting("aws_access_key_id", "the id of an access key", ("AWS_ACCESS_KEY_ID",), secret=True),
    Setting("aws_secret_access_key", "the secret of that key", ("AWS_SECRET_ACCESS_KEY",), secret=True),
    Setting("aws_session_token", "the token of temporary keys", ("AWS_SESSION_TOKEN",), secret=True),
    Setting("aws_profile_name", "a profile of the machine's AWS files", ("AWS_PROFILE_NAME", "AWS_PROFILE")),
    Setting("aws_role_name", "the ARN of a role to assume", ("AWS_ROLE_NAME",)),
    Setting("aws_session_name", "what the role's session is called", ("AWS_SESSION_NAME",)),
    Setting("aws_external_id", "the external id that the role's trust asks for"),
    Setting("aws_session_tags", "tags of the role's session: a list of Key and Value"),
    Setting(
        "aws_web_identity_token",
        "a token to assume the role with, or where it is: oidc/file/…, oidc/env/…, oidc/env_path/…",
        ("AWS_WEB_IDENTITY_TOKEN",),
        secret=True,
    ),
    Setting("aws_sts_endpoint", "where roles are assumed, if not at the region's own"),
)
"""What every service of AWS reads; none is needed where the machine has credentials of its own."""
DEFAULT_REGION = "us-west-2"
_REGION = re.compile(r"^[a-z]{2,4}(?:-[a-z]+)+-\d+$")
_OUTRIGHT = ("aws_access_key_id", "aws_profile_name", "aws_role_name", "aws_web_identity_token")
_LARGE = 1 << 20
"""Bodies of more bytes are hashed in a thread: the loop would stand still for milliseconds."""
_HEADERS = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")


def signer(service: str, region: str, said: Mapping[str, str], deployment: Deployment) -> Authorize:
    """Return what signs a deployment's requests.

    Raises BadRequest where the gateway's own credentials would go to an address chosen by an API call.
    """
    identity = _identity(said, deployment, region)
    _keep_own(identity, deployment)
    credentials = credentials_of(identity)

    async def authorize(request: UpstreamRequest) -> Mapping[str, str]:
        keys = await credentials.current()
        if len(request.body) > _LARGE:
            return await asyncio.to_thread(sign, request, keys, service, region)
        return sign(request, keys, service, region)

    return authorize


def sign(request: UpstreamRequest, keys: object, service: str, region: str) -> dict[str, str]:
    """Return the headers that sign a request."""
    from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
    from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]

    typed = {name: value for name, value in request.headers.items() if name.lower() == "content-type"}
    signed = AWSRequest(request.method, request.url, headers=typed, data=request.body)
    SigV4Auth(keys, service, region).add_auth(signed)
    return {name.lower(): signed.headers[name] for name in _HEADERS if name in signed.headers}


def names_credentials(deployment: Deployment) -> bool:
    """Say whether a deployment itself says who calls AWS."""
    return any(deployment.params.get(name) for name in _OUTRIGHT)


def bearer(said: Mapping[str, str], deployment: Deployment) -> str:
    """Return a Bedrock API key; one of the environment does not replace a deployment's own credentials."""
    if names_credentials(deployment) and not deployment.params.get("api_key"):
        return ""
    return said.get("api_key", "")


def region_of(said: Mapping[str, str], deployment: Deployment, in_model: str | None) -> str:
    """Return a deployment's region: its own word, that of the model's name, the machine's, or a default.

    Raises BadRequest for what is no region: it becomes part of an address.
    """
    own = deployment.params.get("aws_region_name") or deployment.params.get("aws_region")
    region = (
        (str(own) if own else None)
        or in_model
        or said.get("aws_region_name")
        or _of_profile(said.get("aws_profile_name", ""))
        or DEFAULT_REGION
    )
    if not _REGION.match(region):
        raise BadRequest(f"aws_region_name: '{region[:40]}' is no region", param="aws_region_name")
    return region


def is_region(name: str) -> bool:
    """Say whether a name has the form of a region's."""
    return bool(_REGION.match(name))


def host(service: str, region: str) -> str:
    """Return the address of a service in a region."""
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{service}.{region}.{domain}"


def _of_profile(profile: str) -> str | None:
    path = Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()
    read = configparser.RawConfigParser()
    try:
        read.read(path)
    except (configparser.Error, OSError, UnicodeDecodeError):
        return None
    section = f"profile {profile}" if profile and profile != "default" else "default"
    return read.get(section, "region", fallback=None)


def _identity(said: Mapping[str, str], deployment: Deployment, region: str) -> Identity:
    roles = names_credentials(deployment)
    keys = any(deployment.params.get(name) for name in ("aws_access_key_id", "aws_profile_name"))

    def own(name: str, *, only: bool) -> str:
        # What a deployment says is not mixed with half of what the environment says.
        return str(deployment.params.get(name) or "") if only else said.get(name, "")

    has_keys = bool(own("aws_access_key_id", only=keys) and own("aws_secret_access_key", only=keys))
    tags = deployment.params.get("aws_session_tags")
    return Identity(
        access_key_id=own("aws_access_key_id", only=keys) if has_keys else "",
        secret_access_key=own("aws_secret_access_key", only=keys) if has_keys else "",
        session_token=own("aws_session_token", only=keys) if has_keys else "",
        profile="" if has_keys else own("aws_profile_name", only=keys),
        role=own("aws_role_name", only=roles),
        session_name=own("aws_session_name", only=roles),
        external_id=own("aws_external_id", only=roles),
        session_tags=tuple(
            (str(tag.get("Key")), str(tag.get("Value")))
            for tag in (tags if isinstance(tags, list) else ())
            if isinstance(tag, dict)
        ),
        web_identity_token=own("aws_web_identity_token", only=roles),
        sts_endpoint=said.get("aws_sts_endpoint", ""),
        region=region,
    )


def _keep_own(identity: Identity, deployment: Deployment) -> None:
    """Refuse to send what is the gateway's own to where somebody who may only call the API points."""
    if deployment.source == "file":
        return
    token = identity.web_identity_token
    if token and is_reference(token):
        raise BadRequest(
            "aws_web_identity_token: a model made by an API call names the token itself, not a file or a"
            " variable of the gateway",
            param="aws_web_identity_token",
        )
    if chosen_by_call(deployment) and not (identity.access_key_id or token):
        raise BadRequest(
            f"{deployment.provider}: a model made by an API call with an address of its own needs keys of its"
            " own: aws_access_key_id and aws_secret_access_key",
            param="aws_access_key_id",
        )
