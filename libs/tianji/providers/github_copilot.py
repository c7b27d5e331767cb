"""GitHub Copilot, with the subscription of a user who has logged in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Raw

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import connect
from tianji.providers._credentials import read_settings
from tianji.providers._params import environment
from tianji.providers.auth import github_copilot as auth
from tianji.providers.contract import Profile, Setting, UpstreamRequest, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.messages import system_for_developer
from tianji.providers.dialects.openai_chat.reasoning_models import suit
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.wire import values

BASE = "https://api.githubcopilot.com"

PROFILE = Profile(
    title="GitHub Copilot",
    page="https://docs.github.com/en/copilot",
    example="github_copilot/gpt-4o",
    settings=(
        Setting(
            "api_base",
            "where the API is, if not where GitHub says for the user",
            ("GITHUB_COPILOT_API_BASE",),
            default=BASE,
        ),
        Setting("api_key", "a token of a Copilot user at GitHub, instead of the file", secret=True),
        Setting(
            "token_dir",
            "the folder with `access-token` and `api-key.json`",
            ("GITHUB_COPILOT_TOKEN_DIR",),
            default=auth.DIRECTORY,
        ),
        Setting(
            "access_token_file",
            "the name of the first one",
            ("GITHUB_COPILOT_ACCESS_TOKEN_FILE",),
            default=auth.ACCESS_TOKEN,
        ),
        Setting(
            "api_key_file",
            "the name of the second one",
            ("GITHUB_COPILOT_API_KEY_FILE",),
            default=auth.API_KEY,
        ),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema reasoning stop"
    ),
    notes=(
        f"Log in once, where the gateway runs and as its user: `{auth.LOGIN}` shows a code to enter at GitHub"
        " and keeps the token in the folder named below. The files are those that LiteLLM keeps. Tokens for"
        " Copilot itself, which hold for half an hour, are fetched and renewed by the gateway."
    ),
)

_AGENT = re.compile(rb'"role"\s*:\s*"(?:assistant|tool)"')
_SEES = re.compile(rb'"type"\s*:\s*"image_url"')
_OF_GITHUB = ("ghu_", "gho_", "ghp_", "github_pat_")


class CopilotUpstream(ChatUpstream):
    """A deployment that tells Copilot who asks, and whether with pictures."""

    def _ready(self, body: dict[str, Any], *, stream: bool) -> UpstreamRequest:
        request = super()._ready(body, stream=stream)
        messages = body.get("messages")
        raw = bytes(messages) if isinstance(messages, Raw) else values.encode(messages)
        # A turn of the user costs a premium request, one of an agent at work does not.
        request.headers.setdefault("x-initiator", "agent" if _AGENT.search(raw) else "user")
        if _SEES.search(raw):
            request.headers.setdefault("copilot-vision-request", "true")
        return request


def bind(deployment: Deployment, options: Mapping[str, Any]) -> CopilotUpstream:
    """Bind a deployment of GitHub Copilot."""
    said = read_settings(PROFILE, deployment, environment(options))
    key = said.get("api_key", "")
    bought = bool(key) and not key.startswith(_OF_GITHUB)
    folder, names = auth.places(
        {
            "GITHUB_COPILOT_TOKEN_DIR": said["token_dir"],
            "GITHUB_COPILOT_ACCESS_TOKEN_FILE": said["access_token_file"],
            "GITHUB_COPILOT_API_KEY_FILE": said["api_key_file"],
        }
    )
    user = auth.Copilot(folder, key, names, follows=said["api_base"] == BASE)
    return connect(
        PROFILE,
        deployment,
        options,
        CopilotUpstream,
        headers={
            **auth.EDITOR,
            "copilot-integration-id": "vscode-chat",
            "openai-intent": "conversation-panel",
            "x-github-api-version": "2025-04-01",
        },
        quirks=(suit, system_for_developer, without_foreign),
        authorize=None if bought else user.headers,
    )
