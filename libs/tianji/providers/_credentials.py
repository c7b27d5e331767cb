"""Where a deployment's address and key come from: its parameters, or the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest


def api_base(deployment: Deployment, environ: Mapping[str, str], names: Iterable[str] = ()) -> str | None:
    """Return the address that a deployment or the environment names."""
    base = deployment.params.get("api_base") or deployment.params.get("base_url")
    if base is None:
        return next((environ[name] for name in names if environ.get(name)), None)
    if not isinstance(base, str) or not base.startswith(("http://", "https://")):
        raise BadRequest("api_base must be a URL that begins with http:// or https://", param="api_base")
    return base.rstrip("/")


def api_key(deployment: Deployment, environ: Mapping[str, str], names: Iterable[str]) -> str:
    """Return the key of a deployment, or that of the environment; empty where there is none."""
    key = deployment.params.get("api_key")
    if key:
        return str(key)
    return next((found for name in names if (found := own(deployment, environ, name))), "")


def own(deployment: Deployment, environ: Mapping[str, str], name: str) -> str | None:
    """Read a variable, unless it would go to an address that somebody chose by an API call."""
    chosen = deployment.params.get("api_base") or deployment.params.get("base_url")
    if chosen and deployment.source != "file":
        return None
    return environ.get(name) or None
