"""What watsonx.ai's chat and its generation of text have in common: where they are, who pays, who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import Params, environment, read_params
from tianji.providers.auth.oauth import Authorize, Grant, bearer
from tianji.providers.contract import Profile, Setting

IAM = "https://iam.cloud.ibm.com/identity/token"
_VERSION = "2024-03-13"
_REGION = "us-south"
_DEPLOYMENT = "deployment/"

SETTINGS = (
    Setting(
        "api_base",
        "where watsonx.ai is; that of the region where it is not said",
        ("WATSONX_API_BASE", "WATSONX_URL", "WX_URL", "WML_URL"),
    ),
    Setting("watsonx_region_name", "the region, such as eu-de", ("WATSONX_REGION", "WX_REGION")),
    Setting("region_name", "the region, by the name that all providers share"),
    Setting(
        "api_key",
        "a key of IBM Cloud, for which a token is got",
        ("WATSONX_API_KEY", "WATSONX_APIKEY", "WX_API_KEY"),
        secret=True,
    ),
    Setting("token", "a token, instead of a key", ("WATSONX_TOKEN",), secret=True),
    Setting("zen_api_key", "a key of Cloud Pak for Data", ("WATSONX_ZENAPIKEY",), secret=True),
    Setting("project_id", "the project that pays", ("WATSONX_PROJECT_ID", "WX_PROJECT_ID")),
    Setting(
        "space_id",
        "the deployment space that pays, instead of a project",
        ("WATSONX_DEPLOYMENT_SPACE_ID", "WATSONX_SPACE_ID", "WX_SPACE_ID"),
    ),
    Setting("watsonx_iam_url", "who gives tokens for keys", ("WATSONX_IAM_URL",), default=IAM),
    Setting("api_version", "the version of the API, a day", ("WATSONX_API_VERSION",), default=_VERSION),
)


class Place(Struct):
    """Where one deployment is, and what each request to it says."""

    root: str
    version: str
    model: str
    fields: dict[str, str]
    """The model and who pays; a deployment of one's own knows both."""
    headers: dict[str, str]
    rules: Params
    secret: str
    authorize: Authorize | None

    def __repr__(self) -> str:
        """Show where it is, never the credentials."""
        return f"Place({self.model} at {self.root})"

    def url(self, path: str) -> str:
        """Return the address of an operation, such as `text/chat`."""
        return f"{self.root}/{path}?version={quote(self.version, safe='')}"


def place_of(profile: Profile, deployment: Deployment, options: Mapping[str, Any]) -> Place:
    """Read a deployment's settings."""
    rules = read_params(deployment, options, [setting.name for setting in profile.settings])
    said = _credentials.read_settings(profile, deployment, environment(options))
    region = said.get("watsonx_region_name") or said.get("region_name") or _REGION
    base = said.get("api_base") or f"https://{region}.ml.cloud.ibm.com"
    root = f"{base.rstrip('/').removesuffix('/ml/v1')}/ml/v1"
    model = deployment.model
    fields: dict[str, str] = {}
    if model.startswith(_DEPLOYMENT):
        root = f"{root}/deployments/{quote(model.removeprefix(_DEPLOYMENT), safe='')}"
    else:
        payer = next((name for name in ("project_id", "space_id") if said.get(name)), None)
        fields = {"model_id": model} | ({payer: said[payer]} if payer else {})
    headers = {"content-type": "application/json"}
    token, zen, key = (said.get(name, "") for name in ("token", "zen_api_key", "api_key"))
    authorize = None
    if token:
        headers["authorization"] = f"Bearer {token}"
    elif zen:
        headers["authorization"] = f"ZenApiKey {zen}"
    elif key:
        form = (("grant_type", "urn:ibm:params:oauth:grant-type:apikey"), ("apikey", key))
        authorize = bearer(Grant(deployment.provider, said["watsonx_iam_url"], form))
    return Place(
        root=root,
        version=said["api_version"],
        model=model,
        fields=fields,
        headers=headers | rules.headers,
        rules=rules,
        secret=token or zen or key,
        authorize=authorize,
    )
