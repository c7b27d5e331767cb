"""The one table of admin paths: every resource's own, then those that are not there yet."""

from __future__ import annotations

from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from tianji.errors import NotFound, NotImplementedYet
from tianji_control.openapi.api import describing
from tianji_control.resources.access import api as access
from tianji_control.resources.access_groups import api as access_groups
from tianji_control.resources.activity import api as activity
from tianji_control.resources.audit import api as audit
from tianji_control.resources.budgets import api as budgets
from tianji_control.resources.config import api as config
from tianji_control.resources.costs import api as costs
from tianji_control.resources.customers import api as customers
from tianji_control.resources.exports import api as exports
from tianji_control.resources.health import api as health
from tianji_control.resources.invitations import api as invitations
from tianji_control.resources.invitations import onboarding
from tianji_control.resources.jwt_mappings import api as jwt_mappings
from tianji_control.resources.keys import api as keys
from tianji_control.resources.keys import of_team as team_keys
from tianji_control.resources.models import api as models
from tianji_control.resources.organizations import api as organizations
from tianji_control.resources.passwords import api as passwords
from tianji_control.resources.prices import api as prices
from tianji_control.resources.projects import api as projects
from tianji_control.resources.reports import api as reports
from tianji_control.resources.settings import api as settings
from tianji_control.resources.spend import api as spend
from tianji_control.resources.tags import api as tags
from tianji_control.resources.teams import api as teams
from tianji_control.resources.teams import callbacks, choices, memberships
from tianji_control.resources.users import api as users
from tianji_control.resources.users import many as many_users
from tianji_control.unserved import why_not

ROUTES: list[BaseRoute] = [
    *keys.routes,
    *team_keys.routes,
    *jwt_mappings.routes,
    *organizations.routes,
    *choices.routes,
    *memberships.routes,
    *callbacks.routes,
    *teams.routes,
    *projects.routes,
    *users.routes,
    *many_users.routes,
    *passwords.routes,
    *invitations.routes,
    *onboarding.routes,
    *models.routes,
    *spend.routes,
    *activity.routes,
    *reports.routes,
    *costs.routes,
    *exports.routes,
    *budgets.routes,
    *customers.routes,
    *tags.routes,
    *access_groups.routes,
    *access.routes,
    *audit.routes,
    *config.routes,
    *prices.routes,
    *settings.routes,
    *health.routes,
]
ROUTES += describing(tuple(ROUTES))


async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a path that no resource serves: 501 when LiteLLM has it, else 404."""
    path = scope["path"]
    if reason := why_not(path):
        raise NotImplementedYet(f"{scope['method']} {path} is not there yet: {reason}")
    raise NotFound(f"There is no path {path} here")
