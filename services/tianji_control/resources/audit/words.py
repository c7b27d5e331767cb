"""What LiteLLM calls the actions and the tables of its audit log, and what they are called here."""

from __future__ import annotations

VERBS = {
    "created": ["new", "create", "generate"],
    "deleted": ["delete"],
    "blocked": ["block"],
    "unblocked": ["unblock"],
    "rotated": ["regenerate", "rotate"],
}
"""LiteLLM's actions by the second word of ours; every other one is `updated`."""

ALL_VERBS = [verb for verbs in VERBS.values() for verb in verbs]

TABLES = {
    "key": "LiteLLM_VerificationToken",
    "team": "LiteLLM_TeamTable",
    "user": "LiteLLM_UserTable",
    "organization": "LiteLLM_OrganizationTable",
    "deployment": "LiteLLM_ProxyModelTable",
    "settings": "LiteLLM_Config",
    "customer": "LiteLLM_EndUserTable",
    "tag": "LiteLLM_TagTable",
    "budget": "LiteLLM_BudgetTable",
    "access_group": "LiteLLM_AccessGroupTable",
    "project": "LiteLLM_ProjectTable",
    "jwt_mapping": "LiteLLM_JWTKeyMapping",
}
"""LiteLLM's tables by our resources."""

RESOURCES = {table: resource for resource, table in TABLES.items()}


def verb_of(action: str) -> str:
    """Return LiteLLM's word for an action."""
    second = action.partition(":")[2]
    return next((word for word, verbs in VERBS.items() if second in verbs), "updated")
