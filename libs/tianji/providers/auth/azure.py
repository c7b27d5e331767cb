"""Who calls Azure: a key, a token as given, or an identity of Entra ID from which tokens are fetched.

Secrets, passwords and tokens of other clouds are exchanged over HTTP here; what depends on the machine
(managed identities, certificates, logins of Azure's tools) is left to azure-identity, which is imported
when the first token is needed, and runs in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest, UpstreamError
from tianji.providers import _credentials
from tianji.providers._params import environment
from tianji.providers.auth.oauth import Authorize, Grant, bearer, bearer_of, fetch
from tianji.providers.auth.oidc import PREFIX, NoIdentity, identity_token
from tianji.providers.auth.tokens import Token, Tokens
from tianji.providers.contract import Setting

SCOPE = "https://cognitiveservices.azure.com/.default"
AUTHORITY = "https://login.microsoftonline.com"
_ANY_TENANT = "organizations"
_DEFAULT = "DefaultAzureCredential"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST = 300

SETTINGS = (
    Setting(
        "azure_ad_token",
        "a token of Entra ID, or `oidc/…`: where a token is that Entra ID takes for one of its own",
        ("AZURE_AD_TOKEN",),
        secret=True,
    ),
    Setting("tenant_id", "the directory of an application or a user", ("AZURE_TENANT_ID",)),
    Setting("client_id", "the application, or a managed identity", ("AZURE_CLIENT_ID",)),
    Setting("client_secret", "the application's secret", ("AZURE_CLIENT_SECRET",), secret=True),
    Setting("azure_username", "a user, where the application acts for one", ("AZURE_USERNAME",)),
    Setting("azure_password", "the user's password", ("AZURE_PASSWORD",), secret=True),
    Setting("azure_scope", "what a token is asked for", ("AZURE_SCOPE",), default=SCOPE),
    Setting(
        "azure_credential",
        "the class of azure-identity that finds tokens on this machine, such as ManagedIdentityCredential;"
        " also where `litellm_settings.enable_azure_ad_token_refresh` is on",
        ("AZURE_CREDENTIAL",),
    ),
    Setting(
        "azure_authority_host",
        "who gives tokens, in clouds of their own",
        ("AZURE_AUTHORITY_HOST",),
        default=AUTHORITY,
    ),
)
_OWN = ("tenant_id", "client_secret", "azure_username", "azure_password", "azure_credential")
"""What says, where a deployment itself names it, that it wants tokens and no key of the environment."""


class Access(Struct):
    """How requests show who asks."""

    key: str = ""
    """A key, for the header that the endpoint wants it in."""
    token: str = ""
    """A token that is sent as it is."""
    authorize: Authorize | None = None
    """Fetches a token."""

    @property
    def secret(self) -> str:
        """What must never be repeated."""
        return self.token or self.key

    def __repr__(self) -> str:
        """Show the way, never the credential."""
        return f"Access({'key' if self.key else 'token' if self.token else 'fetched token'})"


def access(said: Mapping[str, str], deployment: Deployment, options: Mapping[str, Any]) -> Access:
    """Choose the way by what is said.

    What the deployment itself names goes before the environment; there a key goes before tokens. Raises
    BadRequest where somebody who made a model by an API call wants files or variables of this machine.
    """
    params = deployment.params
    key, token = said.get("api_key", ""), said.get("azure_ad_token", "")
    own_token, own_identity = params.get("azure_ad_token"), any(params.get(name) for name in _OWN)
    if key and not own_token and (params.get("api_key") or not own_identity):
        return Access(key=key)
    if token.startswith(PREFIX) and (own_token or not own_identity):
        if own_token and deployment.source != "file":
            raise BadRequest(
                "azure_ad_token: a model made by an API call names the token itself, not where it is",
                param="azure_ad_token",
            )
        return Access(authorize=bearer_of(_federated(deployment.provider, *_application(said), token)))
    if token and (own_token or not own_identity):
        return Access(token=token)
    grant = _grant(deployment.provider, said)
    if grant is not None:
        return Access(authorize=bearer(grant))
    if params.get("azure_credential") or options.get("enable_azure_ad_token_refresh"):
        return _of_machine(said, deployment, options)
    return Access(key=key)


def _application(said: Mapping[str, str]) -> tuple[str, str, str]:
    """Return where an application gets tokens, who it is, and what it asks for."""
    tenant = said.get("tenant_id", _ANY_TENANT)
    url = f"{said['azure_authority_host'].rstrip('/')}/{tenant}/oauth2/v2.0/token"
    if "://" not in url:
        url = f"https://{url}"
    return url, said.get("client_id", ""), said["azure_scope"]


def _grant(provider: str, said: Mapping[str, str]) -> Grant | None:
    url, client, scope = _application(said)
    user, password, secret = (
        said.get(name, "") for name in ("azure_username", "azure_password", "client_secret")
    )
    form: dict[str, str] = {"client_id": client, "scope": scope}
    if client and secret and said.get("tenant_id"):
        form |= {"grant_type": "client_credentials", "client_secret": secret}
    elif client and user and password:
        form |= {"grant_type": "password", "username": user, "password": password}
    else:
        return None
    return Grant(provider, url, tuple(form.items()))


@lru_cache(maxsize=256)
def _federated(provider: str, url: str, client: str, scope: str, reference: str) -> Tokens:
    """Return the token that Entra ID gives for one of somebody else, which is read anew each time."""

    async def exchanged() -> Token:
        try:
            shown = await asyncio.to_thread(identity_token, reference)
        except (NoIdentity, OSError) as error:
            raise _failed(provider, f"azure_ad_token: {error}") from None
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "scope": scope,
            "client_assertion_type": _ASSERTION,
            "client_assertion": shown,
        }
        return await fetch(Grant(provider, url, tuple(form.items())))

    return Tokens(exchanged)


def _of_machine(said: Mapping[str, str], deployment: Deployment, options: Mapping[str, Any]) -> Access:
    if _credentials.chosen_by_call(deployment):
        raise BadRequest(
            "a model made by an API call names its own credentials: this machine's are not sent to an"
            " address that it chose",
            param="api_key",
        )
    environ = environment(options)
    name = said.get("azure_credential", _DEFAULT)
    given = {"client_id": said.get("client_id", "")} if name == "ManagedIdentityCredential" else {}
    if name == "CertificateCredential":
        given = {
            "tenant_id": said.get("tenant_id", ""),
            "client_id": said.get("client_id", ""),
            "certificate_path": environ.get("AZURE_CERTIFICATE_PATH", ""),
            "password": environ.get("AZURE_CERTIFICATE_PASSWORD", ""),
        }
    filled = tuple((key, value) for key, value in given.items() if value)
    return Access(authorize=bearer_of(_machine(deployment.provider, name, filled, said["azure_scope"])))


@lru_cache(maxsize=64)
def _machine(provider: str, name: str, given: tuple[tuple[str, str], ...], scope: str) -> Tokens:
    found: list[Any] = []

    def asked() -> Token:
        try:
            from azure import identity
            from azure.core.exceptions import AzureError
        except ModuleNotFoundError:
            raise _failed(
                provider, "tokens need azure-identity, which comes with the extra 'azure'"
            ) from None
        kind = getattr(identity, name, None) if name.endswith("Credential") else None
        if kind is None:
            raise _failed(provider, f"azure-identity has no '{name}'")
        try:
            if not found:
                found.append(kind(**dict(given)))
            token = found[0].get_token(scope)
        except (AzureError, ValueError, TypeError, OSError) as error:
            reason = str(error).partition("\n")[0][:_LONGEST]
            raise _failed(provider, f"no token for this machine: {reason}") from None
        return Token(token.token, float(token.expires_on))

    async def fetched() -> Token:
        return await asyncio.to_thread(asked)

    return Tokens(fetched)


def _failed(provider: str, what: str) -> UpstreamError:
    return UpstreamError(
        f"{provider}: {what}",
        provider=provider,
        status=401,
        type="authentication_error",
        retryable=True,
    )
