"""Who calls AWS: keys as given, a profile, an assumed role, a web identity, or what the machine offers.

botocore finds and refreshes credentials; it blocks, so that all it does happens in threads. Deployments
of the same identity share one set of credentials, also across snapshots.
"""

from __future__ import annotations

import asyncio
import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tianji.errors import UpstreamError
from tianji.providers.auth.oidc import NoIdentity, identity_token

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials  # type: ignore[import-untyped]
    from botocore.session import Session  # type: ignore[import-untyped]

_SESSION_NAME = "tianji"


class Identity(Struct, frozen=True):
    """What a deployment says about who calls; nothing said means: what the machine offers."""

    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    profile: str = ""
    role: str = ""
    session_name: str = ""
    external_id: str = ""
    session_tags: tuple[tuple[str, str], ...] = ()
    web_identity_token: str = ""
    sts_endpoint: str = ""
    region: str = ""

    def __repr__(self) -> str:
        """Show how it is found, never its keys."""
        way = "keys" if self.access_key_id else "profile" if self.profile else "the machine's"
        return f"Identity({way}{', role ' + self.role if self.role else ''})"


class AwsCredentials:
    """The credentials of one identity, found when they are first needed and kept fresh."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._found: Any = None
        self._lock = threading.Lock()

    async def current(self) -> ReadOnlyCredentials:
        """Return keys that hold. Raises UpstreamError where there are none."""
        found = self._found
        if found is None or (hasattr(found, "refresh_needed") and found.refresh_needed()):
            return await asyncio.to_thread(self._fresh)
        return found.get_frozen_credentials()

    def _fresh(self) -> ReadOnlyCredentials:
        try:
            from botocore import auth, awsrequest, parsers  # type: ignore[import-untyped]
            from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
        except ModuleNotFoundError:
            raise _none("botocore is not installed; it comes with the extra 'aws'") from None
        _ = auth, awsrequest  # imported here, in a thread, for those who sign in the loop
        try:
            with self._lock:
                if self._found is None:
                    self._found = _find(self._identity)
            keys = self._found.get_frozen_credentials()
        except (
            BotoCoreError,
            ClientError,
            parsers.ResponseParserError,
            OSError,
            KeyError,
            ImportError,
        ) as error:
            raise _none(str(error)) from None
        except NoIdentity as error:
            raise _none(f"aws_web_identity_token: {error}") from None
        if not keys.access_key:
            raise _none("the credentials found are empty")
        return keys


@lru_cache(maxsize=512)
def credentials_of(identity: Identity) -> AwsCredentials:
    """Return the credentials of an identity, the same for all that ask."""
    return AwsCredentials(identity)


def _none(reason: str) -> UpstreamError:
    return UpstreamError(
        f"AWS credentials cannot be had: {reason}",
        provider="aws",
        status=401,
        type="authentication_error",
        retryable=True,
    )


def _find(identity: Identity) -> Any:
    from botocore.session import Session

    session = Session(profile=identity.profile or None)
    base = _base(session, identity)
    if not identity.role or (base is None and identity.role == os.environ.get("AWS_ROLE_ARN")):
        found = base or session.get_credentials()
        if found is None:
            raise _none(
                "the deployment names none, and neither the environment nor the machine has any; set"
                " aws_access_key_id and aws_secret_access_key, or aws_role_name, or aws_profile_name"
            )
        return found
    return _assumed(session, identity, base)


def _base(session: Session, identity: Identity) -> Any:
    """Return the credentials that are said outright: keys, or those of a profile."""
    from botocore.credentials import Credentials

    if identity.access_key_id:
        return Credentials(identity.access_key_id, identity.secret_access_key, identity.session_token or None)
    return session.get_credentials() if identity.profile else None


def _assumed(session: Session, identity: Identity, base: Any) -> Any:
    from botocore.credentials import DeferredRefreshableCredentials

    def fetch() -> dict[str, str]:
        keys = _assume(session, identity, base)
        return {
            "access_key": keys["AccessKeyId"],
            "secret_key": keys["SecretAccessKey"],
            "token": keys["SessionToken"],
            "expiry_time": keys["Expiration"].isoformat(),
        }

    return DeferredRefreshableCredentials(refresh_using=fetch, method="assume-role")


def _assume(session: Session, identity: Identity, base: Any) -> dict[str, Any]:
    """Ask AWS' token service for the keys of a role."""
    from botocore import UNSIGNED
    from botocore.config import Config  # type: ignore[import-untyped]

    asked: dict[str, Any] = {
        "RoleArn": identity.role,
        "RoleSessionName": identity.session_name or _SESSION_NAME,
    }
    place = {"region_name": identity.region, "endpoint_url": identity.sts_endpoint or None}
    limits = Config(connect_timeout=5, read_timeout=15, retries={"max_attempts": 3})
    if identity.web_identity_token:
        anonymous = limits.merge(Config(signature_version=UNSIGNED))
        sts = session.create_client("sts", config=anonymous, **place)
        token = identity_token(identity.web_identity_token)
        found = sts.assume_role_with_web_identity(**asked, WebIdentityToken=token)
    else:
        if identity.external_id:
            asked["ExternalId"] = identity.external_id
        if identity.session_tags:
            asked["Tags"] = [{"Key": key, "Value": value} for key, value in identity.session_tags]
        keys = base.get_frozen_credentials() if base is not None else None
        given = keys and {
            "aws_access_key_id": keys.access_key,
            "aws_secret_access_key": keys.secret_key,
            "aws_session_token": keys.token,
        }
        found = session.create_client("sts", config=limits, **place, **(given or {})).assume_role(**asked)
    answered: dict[str, Any] = found["Credentials"]
    return answered
