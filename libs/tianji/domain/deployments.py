"""A deployment: one callable upstream model."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Deployment(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One callable upstream model: provider, model, credential, limits.

    In a record `params` holds no secret: those are in `secrets`, encrypted (`domain.sealed`).
    The snapshot's copy has them opened and merged into `params`.
    """

    id: str
    model_name: str
    """The model group: the name that clients ask for; may hold wildcards (`openai/*`)."""
    provider: str
    """The provider's name, such as `openai` or `azure`; `mock` for canned answers."""
    model: str
    """The model's name at the provider."""
    params: dict[str, Any] = field(default_factory=dict)
    """What else the config says under `litellm_params`, canonical spelling."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Parameters that are credentials: name to sealed value."""
    info: dict[str, Any] = field(default_factory=dict)
    """`model_info` as given."""
    team_id: str | None = None
    """Set for a model that belongs to one team."""
    source: str = "api"
    """`file` follows the config file at each start and reload; `api` was made by a call."""
    blocked: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0
