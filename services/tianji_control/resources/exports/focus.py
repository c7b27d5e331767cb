"""A day's charge as a row of FOCUS 1.2, the FinOps Open Cost and Usage Specification. Pure.

The columns are those that LiteLLM's export fills, by the same facts; tokens stand in columns of our own,
whose names begin with `x_` as the specification asks.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from tianji_control.resources.exports.store import Charge

VERSION = "1.2"
MONEY = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
QUANTITIES = ("ConsumedQuantity", "PricingQuantity")
TIMES = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
TOKENS = ("x_InputTokens", "x_OutputTokens", "x_CacheReadTokens", "x_CacheWriteTokens")
COLUMNS = (
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType", "BillingCurrency"),
    *("BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription"),
    *("ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit"),
    *("ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingCategory"),
    *("PricingCurrency", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId"),
    *("ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory"),
    *("SubAccountId", "SubAccountName", "SubAccountType", "Tags"),
    *TOKENS,
)


def row(charge: Charge) -> dict[str, Any]:
    """Return one row, its values as Python has them; what is not known is None."""
    begins = datetime(charge.day.year, charge.day.month, charge.day.day, tzinfo=UTC)
    month = begins.replace(day=1)
    money: dict[str, Decimal] = dict.fromkeys(MONEY, charge.spend_usd)
    quantities: dict[str, Decimal] = dict.fromkeys(QUANTITIES, Decimal(charge.requests))
    return {
        **dict.fromkeys(COLUMNS),
        **money,
        **quantities,
        "BillingAccountId": charge.key_hash,
        "BillingAccountName": charge.key_alias,
        "BillingAccountType": "API Key",
        "BillingCurrency": "USD",
        "BillingPeriodStart": month,
        "BillingPeriodEnd": (month + timedelta(days=32)).replace(day=1),
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{charge.upstream_model} ({charge.call_type or 'unknown'})",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": begins,
        "ChargePeriodEnd": begins + timedelta(days=1),
        "ConsumedUnit": "Requests",
        "InvoiceIssuerName": charge.provider or None,
        "PricingCategory": "Standard",
        "PricingCurrency": "USD",
        "PricingUnit": "Requests",
        "ProviderName": charge.provider or None,
        "PublisherName": charge.provider or None,
        "ResourceId": charge.upstream_model,
        "ResourceName": charge.upstream_model,
        "ResourceType": "Model",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": charge.model,
        "ServiceSubcategory": "Generative AI",
        "SubAccountId": charge.team_id or None,
        "SubAccountName": charge.team_alias,
        "SubAccountType": "Team" if charge.team_id else None,
        "Tags": _tags(charge),
        "x_InputTokens": charge.input_tokens,
        "x_OutputTokens": charge.output_tokens,
        "x_CacheReadTokens": charge.cache_read_tokens,
        "x_CacheWriteTokens": charge.cache_write_tokens,
    }


def _tags(charge: Charge) -> str:
    known = {
        "team_id": charge.team_id,
        "team_alias": charge.team_alias,
        "organization_id": charge.organization_id,
        "organization_alias": charge.organization_alias,
        "user_id": charge.user_id,
        "user_email": charge.user_email,
        "api_key_alias": charge.key_alias,
        "model": charge.upstream_model,
        "model_group": charge.model,
        "custom_llm_provider": charge.provider,
    }
    return msgspec.json.encode({name: value for name, value in known.items() if value}).decode()
