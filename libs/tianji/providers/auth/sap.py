"""SAP AI Core: a service key, the token it is exchanged for, and where orchestration is deployed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from tianji.errors import BadRequest, UpstreamError
from tianji.providers.auth.calls import ask
from tianji.providers.auth.oauth import Authorize, Grant, client_credentials, tokens_of
from tianji.providers.auth.tokens import Token, Tokens
from tianji.providers.contract import UpstreamRequest

PROVIDER = "sap"
DEPLOYMENT = "{deployment}"
"""Stands in an address for the deployment that only AI Core knows."""
_TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
_KNOWN_FOR_S = 600.0


class ServiceKey(Struct, frozen=True):
    """What AI Core gives to a program: who it is, and where it is let in."""

    client: str = ""
    secret: str = ""
    auth_url: str = ""
    base_url: str = ""
    certificate: str = ""
    private_key: str = ""

    def __repr__(self) -> str:
        """Show where it is good for, never the credential."""
        return f"ServiceKey({self.client} at {self.base_url})"

    @property
    def whole(self) -> bool:
        """Whether a token can be got with it."""
        return bool(
            self.client and self.auth_url and (self.secret or (self.certificate and self.private_key))
        )

    def grant(self) -> Grant:
        """Return how its token is asked for."""
        url = self.auth_url.rstrip("/").removesuffix(_TOKEN_PATH) + _TOKEN_PATH
        if self.secret:
            return client_credentials(PROVIDER, url, self.client, self.secret)
        form = (("grant_type", "client_credentials"), ("client_id", self.client))
        return Grant(PROVIDER, url, form, certificate=(self.certificate, self.private_key))

    def root(self) -> str:
        """Return the address of the API."""
        return self.base_url.rstrip("/").removesuffix("/v2") + "/v2"


def read_key(text: str) -> ServiceKey | None:
    """Read a service key as SAP writes it; None for what is no JSON: a token. Raises BadRequest."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadRequest("sap: the service key is not valid JSON", param="api_key") from None
    inner = found.get("credentials")
    said: Mapping[str, Any] = inner if isinstance(inner, dict) else found
    places = said.get("serviceurls")
    return ServiceKey(
        client=str(said.get("clientid") or ""),
        secret=str(said.get("clientsecret") or ""),
        auth_url=str(said.get("certurl") or said.get("url") or ""),
        base_url=str(places.get("AI_API_URL") or "") if isinstance(places, dict) else "",
        certificate=str(said.get("certificate") or "").replace("\\n", "\n"),
        private_key=str(said.get("key") or "").replace("\\n", "\n"),
    )


@lru_cache(maxsize=256)
def authorizer(key: ServiceKey, token: str, group: str) -> Authorize:
    """Return what shows a token, and completes the address where the deployment is not known yet."""
    tokens = None if token else tokens_of(key.grant())

    async def headers() -> dict[str, str]:
        shown = await tokens.current() if tokens is not None else token
        return {"authorization": f"Bearer {shown}", "ai-resource-group": group}

    async def find() -> Token:
        url = f"{key.root()}/lm/deployments?scenarioId=orchestration&status=RUNNING"
        listed = await ask(PROVIDER, url, headers=await headers())
        return Token(_newest(listed, group), time.time() + _KNOWN_FOR_S)

    deployments = Tokens(find)

    async def authorize(request: UpstreamRequest) -> Mapping[str, str]:
        if DEPLOYMENT in request.url:
            request.url = request.url.replace(DEPLOYMENT, await deployments.current())
        return await headers()

    return authorize


def _newest(listed: Mapping[str, Any], group: str) -> str:
    """Return the address of the newest orchestration that runs."""
    resources = listed.get("resources")
    running = [
        one
        for one in (resources if isinstance(resources, list) else ())
        if isinstance(one, dict)
        and one.get("scenarioId") == "orchestration"
        and one.get("status", "RUNNING") == "RUNNING"
        and isinstance(one.get("deploymentUrl"), str)
    ]
    if not running:
        raise UpstreamError(
            f"sap: no deployment of orchestration runs in the resource group '{group}'",
            provider=PROVIDER,
            status=404,
            type="not_found_error",
            retryable=True,
        )
    newest = max(running, key=lambda one: str(one.get("createdAt") or ""))
    return str(newest["deploymentUrl"]).rstrip("/")
