"""Where a deployment's settings come from: its parameters, or the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers.contract import Profile, Setting
from tianji.wire import values

_ADDRESSES = (
    "api_base",
    "base_url",
    "aws_bedrock_runtime_endpoint",
    "aws_sts_endpoint",
    "azure_authority_host",
    "watsonx_iam_url",
    "aicore_auth_url",
    "aicore_base_url",
)


def read_settings(profile: Profile, deployment: Deployment, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that a profile declares, as far as they are said; `api_base` without a final slash.

    Raises BadRequest for one that is required and missing, naming its variables.
    """
    found: dict[str, str] = {}
    for setting in profile.settings:
        value = _setting(setting, deployment, environ)
        if value:
            found[setting.name] = value
        elif setting.required:
            where = f" or the variable {setting.variables[0]}" if setting.variables else ""
            raise BadRequest(
                f"{deployment.provider}: a deployment needs {setting.name} ({setting.about}){where}",
                param=setting.name,
            )
    return found


def _setting(setting: Setting, deployment: Deployment, environ: Mapping[str, str]) -> str | None:
    if setting.name == "api_base":
        return api_base(deployment, environ, setting.variables) or setting.default
    said = deployment.params.get(setting.name)
    if isinstance(said, dict):
        return values.encode(said).decode()
    if said not in (None, ""):
        return str(said)
    found = (own(deployment, environ, name) for name in setting.variables)
    return next(filter(None, found), setting.default)


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
    if chosen_by_call(deployment):
        return None
    return environ.get(name) or None


def chosen_by_call(deployment: Deployment) -> bool:
    """Say whether somebody chose by an API call where a deployment's requests go."""
    return deployment.source != "file" and any(deployment.params.get(name) for name in _ADDRESSES)
